"""Where our overlaps in detectron2's form leave the real ones on purpose."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from opsbridge.detectron2.structures import pairwise_iou
from opsbridge.errors import DtypeError


def real_structures() -> Any:
    """The real ``detectron2.structures``; the test is skipped where it is not installed."""
    missing = "compares with the real detectron2, which is not installed"
    return pytest.importorskip("detectron2.structures", reason=missing)


def real_overlap(corners: list[float]) -> float:
    """The overlap of a box with itself, by the real function."""
    boxes = real_structures().Boxes(np.array([corners]))
    return float(real_structures().pairwise_iou(boxes, boxes))


def test_empty_boxes() -> None:
    empty = np.zeros((1, 4), np.float32)
    assert np.isnan(pairwise_iou(empty, empty)).all()


def test_real_empty_boxes() -> None:
    assert real_overlap([0, 0, 0, 0]) == 0


def test_nan_corner() -> None:
    boxes = np.array([[0, np.nan, 4, 4], [0, 0, 4, 4]], np.float32)
    assert np.isnan(pairwise_iou(boxes, boxes[:1])).all()


def test_real_nan_corner() -> None:
    assert real_overlap([0, float("nan"), 4, 4]) == 0


def test_boxes_as_tensors() -> None:
    boxes = np.array([[0, 0, 4, 4], [0, 0, 4, 2]], np.float32)
    wanted = [[1, 0.5], [0.5, 1]]
    assert pairwise_iou(boxes, boxes).tolist() == wanted
    held = SimpleNamespace(tensor=boxes)  # as Boxes holds it
    assert pairwise_iou(held, held).tolist() == wanted
    with pytest.raises(DtypeError, match=r"boxes1 is .*; expected a tensor .* or an object with"):
        pairwise_iou(object(), np.zeros((1, 4), np.float32))


def test_real_boxes_as_tensors() -> None:
    boxes = real_structures().Boxes(np.zeros((1, 4))).tensor
    with pytest.raises(AttributeError, match="'area'"):
        real_structures().pairwise_iou(boxes, boxes)
