"""Where our suppression of classes in detectron2's form leaves the real one on purpose."""

from __future__ import annotations

import numpy as np
import pytest

from opsbridge.detectron2.layers import batched_nms
from opsbridge.errors import ArgumentError

MISSING = "compares with the real detectron2, which is not installed"


def test_nan_class() -> None:
    boxes, scores = np.ones((1, 4), np.float32), np.ones(1, np.float32)
    with pytest.raises(ArgumentError, match=r"idxs\[0\] is nan"):
        batched_nms(boxes, scores, np.array([np.nan]), 0.5)


def test_real_nan_class() -> None:
    torch = pytest.importorskip("torch")
    real = pytest.importorskip("detectron2.layers", reason=MISSING).batched_nms
    for count, kept in ((1, [0]), (1001, [])):
        classes = torch.full((count,), float("nan"))
        assert real(torch.ones(count, 4), torch.ones(count), classes, 2.0).tolist() == kept


def test_many_boxes() -> None:
    count = 40000
    boxes = np.tile(np.array([0, 0, 4, 4]), (count, 1))
    scores = np.linspace(1, 0, count, dtype=np.float32)
    assert batched_nms(boxes, scores, np.zeros(count, np.int64), 0.5).tolist() == [0]


def test_real_many_boxes() -> None:
    torch = pytest.importorskip("torch")
    real = pytest.importorskip("detectron2.layers", reason=MISSING).batched_nms
    boxes, classes = torch.ones(40000, 4, dtype=torch.int64), torch.zeros(40000)
    assert real(boxes[1:], torch.ones(39999), classes[1:], 2.0).tolist()
    with pytest.raises(RuntimeError):
        real(boxes, torch.ones(40000), classes, 2.0)
