"""Corners of RoIPool that end in one half exactly, as odd ones do at a scale of one half."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cases import BATCH, assert_same_bits, features, generator

from opsbridge import reference
from opsbridge.core.roi_pool import RoiPoolRule, roi_pool, roi_pool_backward
from opsbridge.frameworks.numpy import LAYER

CORNERS = ("round_away", "exact", "round_before_scale")


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("corner", CORNERS)
@pytest.mark.parametrize("scale", [0.5, 1.0])
def test_halves(scale: float, corner: str, dtype: Any) -> None:
    rng = generator("roi_pool halves", corner, str(scale), np.dtype(dtype).name)
    image = features(rng, dtype, (BATCH, 2, 9, 11))
    halves = rng.integers(-2, 12, (40, 4)) + 0.5
    halves[:, 2:] = halves[:, :2] + rng.integers(0, 6, (40, 2))
    rois = np.concatenate([rng.integers(0, BATCH, (40, 1)), halves / scale], axis=1).astype(dtype)
    arguments = image, rois, 2, 3, scale
    (pooled,) = roi_pool(LAYER, *arguments, rule=RoiPoolRule(corner=corner))
    expected = reference.roi_pool(*arguments, corner=corner)
    assert np.unique(expected).size > 20
    assert_same_bits(pooled, expected)
    (gradient,) = roi_pool_backward(
        LAYER, np.ones_like(pooled), *arguments, rule=RoiPoolRule(corner=corner)
    )
    ones = np.ones_like(pooled)
    assert_same_bits(gradient, reference.roi_pool_backward(ones, *arguments, corner=corner))


def test_a_half_is_rounded_away_from_zero() -> None:
    """From 0.5 to 2.5: pixels 1 to 3, where rounding to even would take 0 to 2."""
    image = np.arange(5, dtype=np.float32).reshape(1, 1, 1, 5)
    rois = np.array([[0, 1, 0, 5, 0]], np.float32)
    (pooled,) = roi_pool(LAYER, image, rois, 1, 3, 0.5, rule=RoiPoolRule())
    assert pooled.ravel().tolist() == [1, 2, 3]
