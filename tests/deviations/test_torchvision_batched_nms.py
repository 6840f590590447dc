"""Where our torchvision-shaped class-aware suppression leaves the real one on purpose."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from real_frameworks import torch_tensor, torchvision_ops

from opsbridge.errors import ArgumentError, DtypeError
from opsbridge.torchvision.ops import batched_nms

BOXES = np.array([[0, 0, 4, 4], [0, 0, 4, 4]], np.float32)
SCORES = np.array([0.9, 0.8], np.float32)


def real(boxes: Any, scores: Any, idxs: Any, iou_threshold: float) -> Any:
    """What the installed torchvision keeps."""
    tensors = map(torch_tensor, (boxes, scores, idxs))
    return torchvision_ops().batched_nms(*tensors, iou_threshold).numpy()


def test_nan_threshold() -> None:
    with pytest.raises(ArgumentError, match=r"^batched_nms: iou_threshold is nan"):
        batched_nms(BOXES, SCORES, np.zeros(2, np.int64), float("nan"))
    assert real(BOXES, SCORES, np.zeros(2, np.int64), float("nan")).tolist() == [0, 1]


@pytest.mark.parametrize("strategy", [None, "shift", "per_class", "exact"])
def test_nan_class(strategy: str | None) -> None:
    idxs = np.array([0, np.nan], np.float32)
    with pytest.raises(ArgumentError, match=r"^batched_nms: idxs\[1\] is nan; groups must be"):
        batched_nms(BOXES, SCORES, idxs, 0.5, strategy=strategy)
    assert real(BOXES, SCORES, idxs, 0.5).tolist() == [0, 1]
    many = np.repeat(BOXES[:1], 1001, axis=0), np.linspace(1, 0, 1001, dtype=np.float32)
    classes = np.zeros(1001, np.float32)
    classes[3] = np.nan
    assert real(*many, classes, 2.0).tolist() == [row for row in range(1001) if row != 3]


def test_nothing_to_suppress() -> None:
    nothing = np.zeros(0, np.int64)
    kept = torchvision_ops().batched_nms(torch_tensor(nothing), None, None, None)
    assert kept.tolist() == []
    with pytest.raises(ArgumentError, match=r"^batched_nms: boxes has shape \(0,\); expected"):
        batched_nms(nothing, SCORES, nothing, 0.5)
    assert batched_nms(BOXES[:0], SCORES[:0], nothing, 0.5).tolist() == []


def test_one_class_for_all() -> None:
    one = np.zeros(1, np.int64)
    assert real(BOXES, SCORES, one, 0.5).tolist() == [0]
    with pytest.raises(ArgumentError, match=r"^batched_nms: idxs has 1 entries, but boxes has 2"):
        batched_nms(BOXES, SCORES, one, 0.5)


def test_autocast_of_two_dtypes() -> None:
    torch = pytest.importorskip("torch")
    boxes, scores, idxs = (torch_tensor(each) for each in (BOXES, SCORES, np.zeros(2, np.int64)))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torchvision_ops().batched_nms(boxes.bfloat16(), scores, idxs, 0.5).tolist() == [0]
        with pytest.raises(DtypeError, match=r"^batched_nms: scores is float32, but boxes is bf"):
            batched_nms(boxes.bfloat16(), scores, idxs, 0.5)
