"""Where our region align in Paddle's form leaves the real one on purpose."""

from __future__ import annotations

import numpy as np
import pytest

from opsbridge.errors import ArgumentError
from opsbridge.paddle.vision.ops import RoIAlign, roi_align

FEATURES = np.ones((1, 1, 4, 4), np.float32)
COUNTS = np.array([1], np.int32)


def refuses(*corners: float) -> None:
    boxes = np.array([corners], np.float32)
    with pytest.raises(ArgumentError, match=r"boxes\[0\]"):
        roi_align(FEATURES, boxes, COUNTS, 2)
    with pytest.raises(ArgumentError, match=r"boxes\[0\]"):
        RoIAlign(2)(FEATURES, boxes, COUNTS)


def test_inverted_region() -> None:
    refuses(3, 0, 0, 3)


def test_nan_roi() -> None:
    refuses(0, float("nan"), 3, 3)
