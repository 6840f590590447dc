"""Where our MMCV-shaped RoIAlign leaves the real one on purpose.

MMCV is compiled for one torch and one CUDA version, so that it can seldom be installed beside the
others: these tests hold what opsbridge does; the real behaviour is read from its sources.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from framework_tensors import to_tensor

from opsbridge import reference
from opsbridge.errors import ArgumentError
from opsbridge.mmcv.ops import RoIAlign, roi_align

Call = Callable[..., Any]


def of_class(features: Any, rois: Any, *settings: Any) -> Any:
    """Configure the class, then call it."""
    return RoIAlign(*settings)(features, rois)


both_shapes = pytest.mark.parametrize("call", [roi_align, of_class], ids=["roi_align", "RoIAlign"])


def ramp() -> Any:
    """Feature maps without two equal pixels."""
    return np.arange(128, dtype=np.float32).reshape(2, 1, 8, 8)


def rois_of(*rows: list[float]) -> Any:
    """Regions in the dtype of the ramp."""
    return np.array(rows, np.float32)


@both_shapes
@pytest.mark.parametrize("index", [-1, 2, 1e9])
def test_batch_index_out_of_range(index: float, call: Call) -> None:
    with pytest.raises(ArgumentError, match=r"rois\[0\]\[0\] is .*, but input has batch size 2"):
        call(ramp(), rois_of([index, 1, 1, 3, 3]), 2)


@both_shapes
def test_fractional_batch_index(call: Call) -> None:
    with pytest.raises(ArgumentError, match=r"rois\[0\]\[0\] is 0.5; batch indices must be whole"):
        call(ramp(), rois_of([0.5, 1, 1, 3, 3]), 2)


@both_shapes
def test_non_contiguous_input(call: Call) -> None:
    features, rois = ramp(), rois_of([0, 1, 2, 6, 4], [1, 0, 0, 3, 5])
    turned = np.ascontiguousarray(features.transpose(0, 1, 3, 2)).transpose(0, 1, 3, 2)
    assert not turned.flags.c_contiguous
    np.testing.assert_array_equal(call(turned, rois, 2), call(features, rois, 2))


@both_shapes
def test_inverted_region_on_cuda(call: Call) -> None:
    inverted = rois_of([0, 1, 1, 3, 3], [0, 3, 1, 1, 3])
    with pytest.raises(ArgumentError, match=r"rois\[1\] is .*; regions must have x1 <= x2"):
        call(ramp(), inverted, 2, 1.0, 2, "avg", True)
    assert call(ramp(), inverted, 2, 1.0, 2, "avg", False).all()


@both_shapes
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nan_roi(value: float, call: Call) -> None:
    with pytest.raises(ArgumentError, match=r"rois\[0\]\[3\] is (nan|inf); region coordinates"):
        call(ramp(), rois_of([0, 1, 1, value, 3]), 2)


@both_shapes
def test_gradient_of_maximum_at_minus_one(call: Call) -> None:
    # One sample at y = -1: it is clamped to the first row, and is the maximum.
    features = to_tensor("torch", ramp() + 1).requires_grad_()
    rois = to_tensor("torch", rois_of([0, 2, -1, 3, 0]))
    pooled = call(features, rois, 1, 1.0, 1, "max", True)
    pooled.sum().backward()
    expected = reference.roi_align_backward(
        np.ones((1, 1, 1, 1), np.float32), ramp() + 1, rois.numpy(), 1, 1, 1.0, 1,
        half_pixel=0.5, min_size="none", reduction="maximum", maximum_start="minus_10000",
    )  # fmt: skip
    assert expected.sum() == 1
    np.testing.assert_array_equal(features.grad.numpy(), expected)


@both_shapes
def test_output_size_zero(call: Call) -> None:
    with pytest.raises(ArgumentError, match="output_size is 0; it must be at least 1"):
        call(ramp(), rois_of([0, 1, 1, 3, 3]), 0)
