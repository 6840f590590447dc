"""Where our pooling in ONNX's form leaves ONNX Runtime's on purpose."""

from __future__ import annotations

import numpy as np
import pytest

from opsbridge.errors import ArgumentError
from opsbridge.onnx import MaxRoiPool


def test_nan_roi() -> None:
    features, rois = np.ones((1, 1, 4, 4), np.float32), np.zeros((1, 5), np.float32)
    for wrong in (np.nan, np.inf):
        rois[0, 3] = wrong
        with pytest.raises(ArgumentError, match=r"rois\[0\]\[3\] is"):
            MaxRoiPool(features, rois, [2, 2])
