"""Where our torchvision-shaped RoI poolings, plain and position-sensitive, leave the real ones."""

from __future__ import annotations

import numpy as np
import pytest
from pooling_calls import Call, ramp, real, shapes_of

from opsbridge.errors import ArgumentError

OPERATORS = {"roi_pool": "RoIPool", "ps_roi_pool": "PSRoIPool"}
every_shape = pytest.mark.parametrize(
    ("function", "call"),
    [
        pytest.param(function, call, id=name)
        for function, kind in OPERATORS.items()
        for name, call in shapes_of(function, kind, 2, 1.0).items()
    ],
)


@every_shape
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nan_roi(value: float, function: str, call: Call) -> None:
    rois = [[0, 1, 1, 3, 3], [0, 1, value, 3, 3]]
    with pytest.raises(ArgumentError, match=r"\[1\]\[2\] is (nan|-?inf); region coordinates must"):
        call(ramp(), rois)
    assert np.isfinite(real(function, rois, 2)).all()


@every_shape
def test_corner_beyond_int32(function: str, call: Call) -> None:
    rois = [[0, -3e9, 1, 3e9, 3]]
    with pytest.raises(ArgumentError, match=r"\[0\] is .*leaves 32 bits when scaled by 1.0"):
        call(ramp(), rois)
    covering = real(function, [[0, -3e4, 1, 3e4, 3]], 2)
    assert covering.any()
    assert not np.array_equal(real(function, rois, 2), covering)


@every_shape
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nan_scale(value: float, function: str, call: Call) -> None:
    with pytest.raises(ArgumentError, match=r"spatial_scale is (nan|inf); it must be finite"):
        call(ramp(), [[0, 1, 1, 3, 3]], 2, value)
    assert not real(function, [[0, 1, 1, 3, 3]], 2, float("nan")).any()


@every_shape
def test_fractional_batch_index(function: str, call: Call) -> None:
    rois = [[0.9, 1, 1, 3, 3]]
    with pytest.raises(ArgumentError, match=r"\[0\]\[0\] is 0.8999\d*; batch indices must be"):
        call(ramp(), rois)
    np.testing.assert_array_equal(real(function, rois, 2), real(function, [[0, 1, 1, 3, 3]], 2))
