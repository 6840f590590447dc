"""Where our overlaps in detectron2's form leave the real ones on purpose."""

from __future__ import annotations

import numpy as np
import pytest

from opsbridge.detectron2.structures import pairwise_iou
from opsbridge.errors import DtypeError


def test_empty_boxes() -> None:
    empty = np.zeros((1, 4), np.float32)
    assert np.isnan(pairwise_iou(empty, empty)).all()


def test_boxes_as_tensors() -> None:
    with pytest.raises(DtypeError, match=r"boxes1 is .*; expected a tensor"):
        pairwise_iou(object(), np.zeros((1, 4), np.float32))
