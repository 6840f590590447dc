"""Where our torchvision-shaped position-sensitive align leaves the real one on purpose."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from averages_on_cuda import assert_only_ours_has_the_bits_of_the_cpu
from pooling_calls import Call, both_shapes, died_of, ramp, real

from opsbridge.errors import ArgumentError
from opsbridge.torchvision.ops import PSRoIAlign, ps_roi_align

both = both_shapes("ps_roi_align", "PSRoIAlign", 2, 1.0, -1)


@both
@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_nan_roi_fixed_sampling(value: str, call: Call) -> None:
    rois = [[0, 1, 1, 3, 3], [0, 1, float(value), 3, 3]]
    with pytest.raises(ArgumentError, match=rf"\[1\]\[2\] is {value}; region coordinates must be"):
        call(ramp(), rois, 2, 1.0, 2)


def test_real_nan_roi_fixed_sampling() -> None:
    rois = "torch.tensor([[0, nan, 1, 3, 3]])"
    assert died_of(f"ops.ps_roi_align(features, {rois}, 2, 1.0, 2)") == "SIGSEGV"


@both
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nan_roi_adaptive_sampling(value: float, call: Call) -> None:
    rois = [[0, 1, 1, 3, 3], [0, value, 1, 3, 3]]
    with pytest.raises(ArgumentError, match=r"\[1\]\[1\] is (nan|inf); region coordinates"):
        call(ramp(), rois)
    assert not real("ps_roi_align", rois, 2)[1].any()


@both
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nan_scale(value: float, call: Call) -> None:
    with pytest.raises(ArgumentError, match=r"spatial_scale is (nan|inf); it must be finite"):
        call(ramp(), [[0, 1, 1, 3, 3]], 2, value)


def test_real_nan_scale() -> None:
    rois = "torch.tensor([[0., 1, 1, 3, 3]])"
    assert died_of(f"ops.ps_roi_align(features, {rois}, 2, nan, 2)") == "SIGSEGV"


@both
def test_fractional_batch_index(call: Call) -> None:
    rois = [[0.9, 1, 1, 3, 3]]
    with pytest.raises(ArgumentError, match=r"\[0\]\[0\] is 0.8999\d*; batch indices must be"):
        call(ramp(), rois)
    np.testing.assert_array_equal(
        real("ps_roi_align", rois, 2), real("ps_roi_align", [[0, 1, 1, 3, 3]], 2)
    )


@both
@pytest.mark.parametrize(("ratio", "cut"), [(2**31, -1), (2**32 + 2, 2)])
def test_sampling_ratio_beyond_int32(ratio: int, cut: int, call: Call) -> None:
    rois = [[0, 1, 1, 6, 7]]
    with pytest.raises(ArgumentError, match=f"sampling_ratio is {ratio}; it must fit in 32 bits"):
        call(ramp(), rois, 2, 1.0, ratio)
    np.testing.assert_array_equal(
        real("ps_roi_align", rois, 2, 1.0, ratio), real("ps_roi_align", rois, 2, 1.0, cut)
    )


@both
def test_sampling_grid_limit(call: Call) -> None:
    # The real operator would run through all of the samples: hours.
    with pytest.raises(ArgumentError, match=r"\[0\] is .*takes over 2147483647 samples"):
        call(ramp(), [[0, 1, 1, 3, 3]], 2, 1.0, 46341)


@both
@pytest.mark.parametrize("size", [0, (2, 0)])
def test_output_size_zero(size: Any, call: Call) -> None:
    with pytest.raises(ArgumentError, match=r"output_size.* is 0"):
        call(ramp(), [[0, 1, 1, 6, 7]], size)


def test_real_output_size_zero() -> None:
    rois = "torch.tensor([[0., 1, 1, 6, 7]])"
    assert died_of(f"ops.ps_roi_align(features, {rois}, 0)") == "SIGFPE"


def test_averages_on_cuda() -> None:
    assert_only_ours_has_the_bits_of_the_cpu(
        lambda size, scale, ratio, *tensors: ps_roi_align(*tensors, size, scale, ratio),
        "ps_roi_align",
        32,
    )
    assert_only_ours_has_the_bits_of_the_cpu(
        lambda size, scale, ratio, *tensors: PSRoIAlign(size, scale, ratio)(*tensors),
        "ps_roi_align",
        32,
    )
