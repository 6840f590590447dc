"""A class that is no number, in our suppression in detectron2's form."""

from __future__ import annotations

import numpy as np
import pytest

from opsbridge.detectron2.layers import batched_nms
from opsbridge.errors import ArgumentError


def test_nan_class() -> None:
    boxes, scores = np.ones((1, 4), np.float32), np.ones(1, np.float32)
    with pytest.raises(ArgumentError, match=r"idxs\[0\] is nan"):
        batched_nms(boxes, scores, np.array([np.nan]), 0.5)
