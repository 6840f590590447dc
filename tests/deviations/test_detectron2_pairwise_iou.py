"""Where our overlaps in detectron2's form leave the real ones on purpose."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from opsbridge.detectron2.structures import pairwise_iou
from opsbridge.errors import DtypeError


def test_empty_boxes() -> None:
    empty = np.zeros((1, 4), np.float32)
    assert np.isnan(pairwise_iou(empty, empty)).all()


def test_boxes_as_tensors() -> None:
    boxes = np.array([[0, 0, 4, 4], [0, 0, 4, 2]], np.float32)
    wanted = [[1, 0.5], [0.5, 1]]
    assert pairwise_iou(boxes, boxes).tolist() == wanted
    held = SimpleNamespace(tensor=boxes)  # as Boxes holds it
    assert pairwise_iou(held, held).tolist() == wanted
    with pytest.raises(DtypeError, match=r"boxes1 is .*; expected a tensor .* or an object with"):
        pairwise_iou(object(), np.zeros((1, 4), np.float32))
