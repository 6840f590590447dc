"""Where our MMCV-shaped RoI pooling leaves the real one on purpose; see test_mmcv_roi_align."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from framework_tensors import FRAMEWORKS, to_array, to_tensor

from opsbridge.errors import ArgumentError
from opsbridge.mmcv.ops import RoIPool, roi_pool

Call = Callable[..., Any]


def of_class(features: Any, rois: Any, *settings: Any) -> Any:
    """Configure the class, then call it."""
    return RoIPool(*settings)(features, rois)


both_shapes = pytest.mark.parametrize("call", [roi_pool, of_class], ids=["roi_pool", "RoIPool"])
RAMP = np.arange(128, dtype=np.float32).reshape(2, 1, 8, 8)


@both_shapes
@pytest.mark.parametrize("name", FRAMEWORKS)
def test_cpu_tensors(name: str, call: Call) -> None:
    rois = np.array([[0, 1.25, 1.25, 3.5, 3.5], [1, 5, 5, 3, 6]], np.float32)
    pooled = to_array(call(to_tensor(name, RAMP), to_tensor(name, rois), 1))
    # From floor(1.25) to ceil(3.5 + 1): rows and columns 1 to 4; the second region is inverted.
    np.testing.assert_array_equal(pooled, [[[[36]]], [[[0]]]])


@both_shapes
def test_batch_index_out_of_range(call: Call) -> None:
    with pytest.raises(ArgumentError, match=r"rois\[0\]\[0\] is 2, but input has batch size 2"):
        call(RAMP, np.array([[2, 1, 1, 3, 3]], np.float32), 2)


@both_shapes
def test_fractional_batch_index(call: Call) -> None:
    with pytest.raises(ArgumentError, match=r"rois\[0\]\[0\] is 0.5; batch indices must be whole"):
        call(RAMP, np.array([[0.5, 1, 1, 3, 3]], np.float32), 2)


@both_shapes
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nan_roi(value: float, call: Call) -> None:
    with pytest.raises(ArgumentError, match=r"rois\[0\]\[3\] is (nan|inf); region coordinates"):
        call(RAMP, np.array([[0, 1, 1, value, 3]], np.float32), 2)


@both_shapes
def test_output_size_zero(call: Call) -> None:
    with pytest.raises(ArgumentError, match="output_size is 0; it must be at least 1"):
        call(RAMP, np.array([[0, 1, 1, 3, 3]], np.float32), 0)
