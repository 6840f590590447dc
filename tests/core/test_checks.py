"""Every check says operator, argument, place, what came and what is allowed, in one format."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from opsbridge.core import checks
from opsbridge.core.checks import Caller
from opsbridge.errors import ArgumentError, DeviceError, DtypeError, OpsbridgeError
from opsbridge.frameworks.numpy import LAYER

CALLER = Caller("Op", {"boxes": "bboxes", "sampling_ratio": "sample_num"})


class DeviceLayer:
    """Tensors that are the name of their device."""

    def device(self, tensor: str) -> str:
        return tensor


def boxes(shape: tuple[int, ...], dtype: str = "float32") -> Any:
    """An argument of this shape."""
    return np.zeros(shape, dtype)


REFUSED: dict[str, tuple[Callable[[], object], type[OpsbridgeError], str]] = {
    "rank": (
        lambda: checks.check_shape(LAYER, CALLER, "boxes", boxes((2, 3, 4)), ("N", 4)),
        ArgumentError,
        "Op: bboxes has shape (2, 3, 4); expected (N, 4)",
    ),
    "width": (
        lambda: checks.check_shape(LAYER, CALLER, "boxes", boxes((2, 5)), ("N", 4), "; hint"),
        ArgumentError,
        "Op: bboxes has shape (2, 5); expected (N, 4); hint",
    ),
    "one axis": (
        lambda: checks.check_shape(LAYER, CALLER, "scores", boxes(()), ("N",)),
        ArgumentError,
        "Op: scores has shape (); expected (N,)",
    ),
    "length": (
        lambda: checks.check_same_length(CALLER, "scores", 2, "boxes", 3),
        ArgumentError,
        "Op: scores has 2 entries, but bboxes has 3; they must be equal",
    ),
    "dtype": (
        lambda: checks.check_dtype(
            LAYER, CALLER, "boxes", boxes((1, 4), "int32"), ("float32", "float64")
        ),
        DtypeError,
        "Op: bboxes is int32; allowed: float32, float64",
    ),
    "two dtypes": (
        lambda: checks.check_same_dtype(CALLER, "scores", "float64", "boxes", "float32"),
        DtypeError,
        "Op: scores is float64, but bboxes is float32; they must be equal",
    ),
    "two devices": (
        lambda: checks.check_on_host(
            DeviceLayer(),
            CALLER,
            {"boxes": "cpu", "scores": "cuda:1"},  # type: ignore[arg-type]
        ),
        DeviceError,
        "Op: scores is on cuda:1, but bboxes is on cpu; they must be on one device",
    ),
    "device without kernels": (
        lambda: checks.check_on_host(
            DeviceLayer(),
            CALLER,
            {"boxes": "meta", "scores": "meta"},  # type: ignore[arg-type]
        ),
        DeviceError,
        "Op: bboxes is on meta, but this build has kernels for cpu only",
    ),
    "nan": (
        lambda: checks.check_number(CALLER, "iou_threshold", float("nan")),
        ArgumentError,
        "Op: iou_threshold is nan; it must be a number",
    ),
    "infinite": (
        lambda: checks.check_finite(CALLER, "spatial_scale", float("-inf")),
        ArgumentError,
        "Op: spatial_scale is -inf; it must be finite",
    ),
    "small": (
        lambda: checks.check_at_least(CALLER, "pooled_height", 0, 1),
        ArgumentError,
        "Op: pooled_height is 0; it must be at least 1",
    ),
    "above 32 bits": (
        lambda: checks.check_int32(CALLER, "sampling_ratio", 2**31),
        ArgumentError,
        "Op: sample_num is 2147483648; it must fit in 32 bits",
    ),
    "below 32 bits": (
        lambda: checks.check_int32(CALLER, "sampling_ratio", -(2**31) - 1),
        ArgumentError,
        "Op: sample_num is -2147483649; it must fit in 32 bits",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusal(case: str) -> None:
    check, kind, message = REFUSED[case]
    with pytest.raises(OpsbridgeError) as caught:
        check()
    assert isinstance(caught.value, kind)
    assert str(caught.value) == message


def test_what_is_allowed_passes() -> None:
    assert checks.check_shape(LAYER, CALLER, "boxes", boxes((0, 4)), ("N", 4)) == (0, 4)
    assert checks.check_dtype(LAYER, CALLER, "boxes", boxes((1, 4)), ("float32",)) == "float32"
    checks.check_same_length(CALLER, "scores", 3, "boxes", 3)
    checks.check_number(CALLER, "iou_threshold", float("inf"))
    checks.check_at_least(CALLER, "pooled_height", 1, 1)
    for edge in (-(2**31), 2**31 - 1):
        checks.check_int32(CALLER, "sampling_ratio", edge)


def test_errors_are_also_the_built_in_ones() -> None:
    assert issubclass(ArgumentError, ValueError)
    assert issubclass(DtypeError, TypeError)
    assert issubclass(DeviceError, RuntimeError)


def test_a_place_is_where_the_user_gave_the_value() -> None:
    assert CALLER.place("boxes", 3, 1) == "bboxes[3][1]"
    assert CALLER.place("rois", 3, 1) == "rois[3][1]"
    packed = Caller("Op", {"scores": "bboxes", "boxes": "bboxes"}, {"boxes": 0, "scores": 4})
    assert packed.place("scores", 3) == "bboxes[3][4]"
    assert packed.place("boxes", 3, 2) == "bboxes[3][2]"


def test_a_place_in_a_list_of_tensors_skips_the_batch_column() -> None:
    listed = Caller("Op", {"rois": "boxes"}, list_lengths=(2, 0, 1))
    assert listed.place("rois", 1, 1) == "boxes[0][1][0]"
    assert listed.place("rois", 2, 4) == "boxes[2][0][3]"
    assert listed.place("rois", 2) == "boxes[2][0]"


def test_a_caller_survives_as_text() -> None:
    listed = Caller("Op", {"rois": "boxes"}, {"scores": 4}, list_lengths=(2, 0))
    assert Caller.from_text(listed.text).place("rois", 1, 1) == listed.place("rois", 1, 1)
    assert Caller.from_text(listed.text).operator == "Op"
