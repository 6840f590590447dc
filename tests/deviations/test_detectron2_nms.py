"""Where our suppressions in detectron2's form leave the real ones on purpose."""

from __future__ import annotations

import numpy as np
import pytest

from opsbridge.detectron2.layers import batched_nms, nms
from opsbridge.errors import ArgumentError

BOXES, SCORES = np.ones((2, 4), np.float32), np.ones(2, np.float32)
NAN = float("nan")


def test_nan_threshold() -> None:
    with pytest.raises(ArgumentError, match=r"iou_threshold is nan"):
        nms(BOXES, SCORES, NAN)
    with pytest.raises(ArgumentError, match=r"iou_threshold is nan"):
        batched_nms(BOXES, SCORES, np.array([0, 0]), NAN)


def test_real_nan_threshold() -> None:
    torch = pytest.importorskip("torch")
    missing = "compares with the real detectron2, which is not installed"
    layers = pytest.importorskip("detectron2.layers", reason=missing)
    boxes, scores = torch.from_numpy(BOXES), torch.from_numpy(SCORES)
    assert layers.nms(boxes, scores, NAN).tolist() == [0, 1]
    assert layers.batched_nms(boxes, scores, torch.zeros(2), NAN).tolist() == [0, 1]
