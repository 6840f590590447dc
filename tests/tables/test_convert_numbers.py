"""Numbers as single-precision APIs take them, and numbers that no API takes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from opsbridge.errors import ArgumentError
from opsbridge.tables.case_call import _packed
from opsbridge.tables.convert import (
    CONVERTERS,
    VALUE_TYPES,
    check_value_type,
    plain_element,
    spelled,
)
from opsbridge.tables.schema import Converter, Param


def converted(value: Any, converter: Converter) -> Any:
    """What fills the slot."""
    given = Param("given", "call", ("float",), converter, ("bound",))
    return CONVERTERS[converter](value, given, None)["bound"]  # type: ignore[arg-type]


def test_a_number_is_rounded_to_float32() -> None:
    assert converted(0.1, "float32_number") == float(np.float32(0.1))
    assert converted(1e300, "float32_number") == math.inf
    assert converted(-1e300, "float32_number") == -math.inf
    assert math.isnan(converted(math.nan, "float32_number"))


@pytest.mark.parametrize("number", [0.5, -0.5, 0.0, -0.0, 1e-45, -1e-45, 3e38, -math.inf])
def test_above_a_number_is_from_the_next_float32_on(number: float) -> None:
    expected = np.nextafter(np.float32(number), np.float32(np.inf))
    assert converted(number, "above_number") == float(expected)


def test_above_nothing_and_above_all() -> None:
    assert math.isnan(converted(math.nan, "above_number"))
    assert converted(math.inf, "above_number") == math.inf
    assert converted(1e300, "above_number") == math.inf


@pytest.mark.parametrize(("value", "count"), [(7, 7), (0, 0), (-3, 0), (np.array(5), 5)])
def test_a_count_is_never_negative(value: Any, count: int) -> None:
    assert converted(value, "count") == count


def checked(value: Any, **bounds: Any) -> None:
    check_value_type(value, Param("given", "call", ("float", "int"), "number", **bounds), "op")


@pytest.mark.parametrize(
    ("value", "bounds", "said"),
    [
        (-1.0, {"minimum": 0.0}, "op: given is -1.0; it must be at least 0"),
        (2.0, {"maximum": 1.0}, "op: given is 2.0; it must be at most 1"),
        (
            2,
            {"minimum": 0.0, "maximum": 1.5},
            "op: given is 2; it must be at least 0 and at most 1.5",
        ),
        (
            -1,
            {"above": 0.0, "maximum": 1.0},
            "op: given is -1; it must be at most 1 and above 0",
        ),
        (1.5, {"above": 0.0, "maximum": 1.0}, "op: given is 1.5; it must be at most 1 and above 0"),
        (0.0, {"above": 0.0}, "op: given is 0.0; it must be above 0"),
        (math.nan, {"minimum": 0.0}, "op: given is nan; it must be at least 0"),
    ],
)
def test_a_number_out_of_range(value: Any, bounds: dict[str, float], said: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        checked(value, **bounds)
    assert str(caught.value) == said


def test_the_bounds_themselves_are_within() -> None:
    checked(0.0, minimum=0.0, maximum=1.0)
    checked(1.0, minimum=0.0, maximum=1.0)
    checked(1e-9, above=0.0)


def test_an_integer_that_no_float_holds() -> None:
    checked(10**300)
    for converter in ("number", "float32_number", "above_number", "positive_number"):
        given = Param("given", "call", ("int",), converter)
        with pytest.raises(ArgumentError) as caught:
            check_value_type(10**400, given, "op")
        assert str(caught.value) == (f"op: given is 1{'0' * 56}... (int); it must fit in a float")
    check_value_type(10**400, Param("given", "call", ("int",), "integer"), "op")


def test_a_value_that_python_does_not_write_out() -> None:
    assert spelled(10**5000) == "too long to show (int)"


def test_the_only_element_of_a_tensor_is_plain() -> None:
    assert plain_element(np.array([2.5])) == 2.5
    both = np.array([1.0, 2.0])
    assert plain_element(both) is both
    assert plain_element(3) == 3


def test_a_limit_of_boxes_comes_back_from_that_of_elements() -> None:
    """The way back is for inputs of cases, which are slots."""
    given = Param("given", "call", ("int",), "element_limit", ("bound",))
    for boxes in (1, 2, 1000):
        slots = CONVERTERS["element_limit"](boxes, given, None)  # type: ignore[arg-type]
        assert _packed(given, [slots["bound"]]) == boxes


def test_a_tensor_of_one_number_is_single() -> None:
    is_single = VALUE_TYPES["single"]
    assert is_single(np.array([0.5]))
    for other in (np.array(0.5), np.array([0.5, 1.0]), np.array(["x"]), 0.5, [0.5]):
        assert not is_single(other)
