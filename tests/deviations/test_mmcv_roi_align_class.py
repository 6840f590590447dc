"""Where the class form alone of our MMCV-shaped RoIAlign leaves the real one on purpose."""

from __future__ import annotations

import numpy as np
import pytest

from opsbridge.errors import ArgumentError
from opsbridge.mmcv.ops import RoIAlign


def test_use_torchvision() -> None:
    features = np.arange(64, dtype=np.float32).reshape(1, 1, 8, 8)
    rois = np.array([[0, 1, 1, 5, 6]], np.float32)
    settings = (2, 1.0, 2)
    largest = RoIAlign(*settings, "max", use_torchvision=True)(features, rois)
    np.testing.assert_array_equal(largest, RoIAlign(*settings, "max")(features, rois))
    assert (largest > RoIAlign(*settings, "avg", use_torchvision=True)(features, rois)).all()
    with pytest.raises(ArgumentError, match="regions must have x1 <= x2"):
        RoIAlign(*settings, use_torchvision=True)(features, rois[:, [0, 3, 4, 1, 2]].copy())
