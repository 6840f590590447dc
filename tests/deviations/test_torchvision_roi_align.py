"""Where our torchvision-shaped RoIAlign leaves the real one on purpose.

Real calls that die do so in a child process; a framework that no longer dies fails the test, so
that the deviation can be looked at again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from averages_on_cuda import assert_only_ours_has_the_bits_of_the_cpu
from real_frameworks import TORCHVISION_MISSING, torchvision_ops, torchvision_roi_align
from real_in_child import run_real

from opsbridge.errors import ArgumentError, DtypeError
from opsbridge.torchvision.ops import RoIAlign, roi_align

Call = Callable[..., Any]


def function_shape(
    features: Any, rois: Any, size: Any, scale: float = 1.0, ratio: int = -1, aligned: bool = False
) -> Any:
    """Call the function."""
    return roi_align(features, np.array(rois, np.float32), size, scale, ratio, aligned)


def class_shape(
    features: Any, rois: Any, size: Any, scale: float = 1.0, ratio: int = -1, aligned: bool = False
) -> Any:
    """Configure the class, then call it."""
    return RoIAlign(size, scale, ratio, aligned)(features, np.array(rois, np.float32))


both_shapes = pytest.mark.parametrize("call", [function_shape, class_shape])


def ramp(batch: int = 2) -> Any:
    """Feature maps without two equal pixels."""
    return np.arange(batch * 64, dtype=np.float32).reshape(batch, 1, 8, 8)


def real(rois: Any, size: Any, *arguments: Any) -> Any:
    """The real operator on the ramp."""
    return torchvision_roi_align(ramp(), np.array(rois, np.float32), size, *arguments)


def died_of(code: str) -> str | None:
    """The signal that the real operator ends its process with."""
    pytest.importorskip("torchvision", reason=TORCHVISION_MISSING)
    return run_real("torchvision", code).signal_name


@both_shapes
@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_nan_roi_fixed_sampling(value: str, call: Call) -> None:
    rois = [[0, 1, 1, 3, 3], [0, 1, float(value), 3, 3]]
    with pytest.raises(ArgumentError, match=rf"\[1\]\[2\] is {value}; region coordinates must be"):
        call(ramp(), rois, 2, 1.0, 2)


@pytest.mark.parametrize("corners", ["nan, 1, 3, 3", "1, 1, inf, 3"])
def test_real_nan_roi_fixed_sampling(corners: str) -> None:
    code = f"""
        from math import inf, nan
        print(roi_align(torch.ones(1, 1, 8, 8), [[0, {corners}]], 2, 1.0, 2))
    """
    assert died_of(code) == "SIGSEGV"


@both_shapes
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nan_roi_adaptive_sampling(value: float, call: Call) -> None:
    rois = [[0, 1, 1, 3, 3], [0, value, 1, 3, 3]]
    with pytest.raises(ArgumentError, match=r"\[1\]\[1\] is (nan|inf); region coordinates"):
        call(ramp(), rois, 2, 1.0, -1)
    assert not real(rois, 2, 1.0, -1)[1].any()


@both_shapes
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nan_scale(value: float, call: Call) -> None:
    with pytest.raises(ArgumentError, match=r"spatial_scale is (nan|inf); it must be finite"):
        call(ramp(), [[0, 1, 1, 3, 3]], 2, value, 2)


def test_real_nan_scale() -> None:
    code = "print(roi_align(torch.ones(1, 1, 8, 8), [[0, 1, 1, 3, 3]], 2, float('nan'), 2))"
    assert died_of(code) == "SIGSEGV"


@both_shapes
@pytest.mark.parametrize("shape", [(1, 1, 0, 8), (1, 1, 8, 0)])
def test_empty_feature_map(shape: tuple[int, int, int, int], call: Call) -> None:
    pooled = call(np.ones(shape, np.float32), [[0, 1, 1, 3, 3]], 2, 1.0, 2)
    np.testing.assert_array_equal(pooled, np.zeros((1, 1, 2, 2), np.float32))


@pytest.mark.parametrize("shape", ["1, 1, 0, 8", "1, 1, 8, 0"])
def test_real_empty_feature_map(shape: str) -> None:
    code = f"print(roi_align(torch.ones({shape}), [[0, 1, 1, 3, 3]], 2, 1.0, 2))"
    assert died_of(code) == "SIGSEGV"


@both_shapes
def test_inverted_one_axis_adaptive_sampling(call: Call) -> None:
    rois = [[0, 6, 1, 1, 6]]
    with pytest.raises(ArgumentError, match=r"\[0\] is .*inverted in one axis"):
        call(ramp(), rois, 2, 1.0, -1, True)
    with pytest.raises(RuntimeError):
        real(rois, 2, 1.0, -1, True)


@both_shapes
def test_fractional_batch_index(call: Call) -> None:
    rois = [[0.9, 1, 1, 3, 3]]
    with pytest.raises(ArgumentError, match=r"\[0\]\[0\] is 0.8999\d*; batch indices must be"):
        call(ramp(), rois, 2)
    np.testing.assert_array_equal(real(rois, 2), real([[0, 1, 1, 3, 3]], 2))


@both_shapes
@pytest.mark.parametrize(("ratio", "cut"), [(2**31, -1), (2**32 + 2, 2)])
def test_sampling_ratio_beyond_int32(ratio: int, cut: int, call: Call) -> None:
    rois = [[0, 1, 1, 6, 7]]
    with pytest.raises(ArgumentError, match=f"sampling_ratio is {ratio}; it must fit in 32 bits"):
        call(ramp(), rois, 2, 1.0, ratio)
    np.testing.assert_array_equal(real(rois, 2, 1.0, ratio), real(rois, 2, 1.0, cut))


@both_shapes
@pytest.mark.parametrize("size", [0, (2, 0)])
def test_output_size_zero(size: Any, call: Call) -> None:
    with pytest.raises(ArgumentError, match=r"output_size.* is 0"):
        call(ramp(), [[0, 1, 1, 6, 7]], size)
    assert real([[0, 1, 1, 6, 7]], size).size == 0


# The quantized types of PyTorch are themselves to go.
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_quantized_tensors() -> None:
    torch = pytest.importorskip("torch", reason=TORCHVISION_MISSING)
    features, rois = (
        torch.quantize_per_tensor(torch.tensor(each), 1.0, 0, torch.quint8)
        for each in (np.ones((1, 1, 4, 4), np.float32), np.float32([[0, 0, 0, 3, 3]]))
    )
    assert torchvision_ops().roi_align(features, rois, 1).int_repr().tolist() == [[[[1]]]]
    for call in (lambda: roi_align(features, rois, 1), lambda: RoIAlign(1, 1.0, 2)(features, rois)):
        with pytest.raises(DtypeError, match=": input is quint8; allowed"):
            call()


def test_averages_on_cuda() -> None:
    assert_only_ours_has_the_bits_of_the_cpu(
        lambda size, scale, ratio, *tensors: roi_align(*tensors, size, scale, ratio), "roi_align", 3
    )
    assert_only_ours_has_the_bits_of_the_cpu(
        lambda size, scale, ratio, *tensors: RoIAlign(size, scale, ratio)(*tensors), "roi_align", 3
    )
