"""Where our position-sensitive pooling in Paddle's form leaves the real one on purpose."""

from __future__ import annotations

import numpy as np
import pytest

from opsbridge.errors import ArgumentError
from opsbridge.paddle.vision.ops import PSRoIPool, psroi_pool


def test_nan_roi() -> None:
    features, counts = np.ones((1, 4, 4, 4), np.float32), np.array([1], np.int32)
    boxes = np.array([[0, np.nan, 3, 3]], np.float32)
    with pytest.raises(ArgumentError, match=r"boxes\[0\]\[1\] is nan"):
        psroi_pool(features, boxes, counts, 2)
    with pytest.raises(ArgumentError, match=r"boxes\[0\]\[1\] is nan"):
        PSRoIPool(2)(features, boxes, counts)
