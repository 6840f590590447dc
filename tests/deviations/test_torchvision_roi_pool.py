"""Where our torchvision-shaped RoI pooling leaves the real one on purpose."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pooling_calls import Call, both_shapes, ramp, real

from opsbridge.errors import ArgumentError

both = both_shapes("roi_pool", "RoIPool", 2, 1.0)


@both
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nan_roi(value: float, call: Call) -> None:
    rois = [[0, 1, 1, 3, 3], [0, 1, value, 3, 3]]
    with pytest.raises(ArgumentError, match=r"\[1\]\[2\] is (nan|-?inf); region coordinates must"):
        call(ramp(), rois)
    assert np.isfinite(real("roi_pool", rois, 2)).all()


@both
def test_corner_beyond_int32(call: Call) -> None:
    rois = [[0, -3e9, 1, 3e9, 3]]
    with pytest.raises(ArgumentError, match=r"\[0\] is .*leaves 32 bits when scaled by 1.0"):
        call(ramp(), rois)
    covering = real("roi_pool", [[0, -3e4, 1, 3e4, 3]], 2)
    assert covering.any()
    assert not np.array_equal(real("roi_pool", rois, 2), covering)


@both
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nan_scale(value: float, call: Call) -> None:
    with pytest.raises(ArgumentError, match=r"spatial_scale is (nan|inf); it must be finite"):
        call(ramp(), [[0, 1, 1, 3, 3]], 2, value)
    assert not real("roi_pool", [[0, 1, 1, 3, 3]], 2, float("nan")).any()


@both
def test_fractional_batch_index(call: Call) -> None:
    rois = [[0.9, 1, 1, 3, 3]]
    with pytest.raises(ArgumentError, match=r"\[0\]\[0\] is 0.8999\d*; batch indices must be"):
        call(ramp(), rois)
    np.testing.assert_array_equal(real("roi_pool", rois, 2), real("roi_pool", [[0, 1, 1, 3, 3]], 2))


@both
@pytest.mark.parametrize("size", [0, (2, 0)])
def test_output_size_zero(size: Any, call: Call) -> None:
    with pytest.raises(ArgumentError, match=r"output_size.* is 0"):
        call(ramp(), [[0, 1, 1, 6, 7]], size)
    assert real("roi_pool", [[0, 1, 1, 6, 7]], size).size == 0
