"""Where our torchvision-shaped suppression leaves the real one on purpose."""

from __future__ import annotations

import numpy as np
import pytest
from real_frameworks import torch_tensor, torchvision_nms, torchvision_ops

from opsbridge.errors import ArgumentError, DtypeError
from opsbridge.torchvision.ops import nms


def test_nan_threshold() -> None:
    boxes = np.array([[0, 0, 4, 4], [0, 0, 4, 4]], np.float32)
    scores = np.array([0.9, 0.8], np.float32)
    with pytest.raises(ArgumentError, match="iou_threshold is nan"):
        nms(boxes, scores, float("nan"))
    assert torchvision_nms(boxes, scores, float("nan")).tolist() == [0, 1]


# The quantized types of PyTorch are themselves to go.
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_quantized_tensors() -> None:
    torch = pytest.importorskip("torch")
    boxes, scores = (
        torch.quantize_per_tensor(torch_tensor(each), 1.0, 0, torch.quint8)
        for each in (np.array([[0, 0, 4, 4], [0, 0, 4, 4]], np.float32), np.float32([2, 1]))
    )
    assert torchvision_ops().nms(boxes, scores, 0.5).tolist() == [0]
    with pytest.raises(DtypeError, match=r"^nms: boxes is quint8; allowed"):
        nms(boxes, scores, 0.5)
