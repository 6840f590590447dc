"""Where our region align in detectron2's form leaves the real one on purpose."""

from __future__ import annotations

import numpy as np
import pytest

from opsbridge.detectron2.layers import ROIAlign
from opsbridge.errors import ArgumentError


def test_nan_roi() -> None:
    rois = np.array([[0, 0, np.nan, 3, 3]], np.float32)
    with pytest.raises(ArgumentError, match=r"rois\[0\]\[2\] is nan"):
        ROIAlign(2, 1.0, 0)(np.ones((1, 1, 4, 4), np.float32), rois)
