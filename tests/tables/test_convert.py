"""Converters fill slots with what the argument means; value types accept what the table allows."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import pytest

from opsbridge.errors import ArgumentError, DtypeError
from opsbridge.tables.convert import (
    CONVERTERS,
    VALUE_TYPES,
    as_number,
    check_value_type,
    chosen_axes,
    expected_types,
    spelled,
)
from opsbridge.tables.schema import Choice, Converter, Param, ValueType


class Layer:
    """Stands in for a framework: joins lists so that a test sees what it was given."""

    def concatenate_regions(self, boxes: list[Any]) -> Any:
        return ("joined", *boxes)

    def dtype(self, tensor: Any) -> str:
        return str(tensor.dtype)

    def cast(self, tensor: Any, dtype: str) -> Any:
        return tensor.astype(dtype)


def param(converter: Converter, *fills: str, **rest: Any) -> Param:
    """A parameter with this converter."""
    types = rest.pop("types", ("tensor",))
    return Param("given", "call", types, converter, fills, **rest)


def convert(value: Any, given: Param) -> dict[str, Any]:
    """The slots that a value fills."""
    return CONVERTERS[given.converter](value, given, Layer())


def test_the_list_of_converters_is_the_one_of_the_schema() -> None:
    assert {*CONVERTERS, "choice"} == set(get_args(Converter))


def test_the_list_of_value_types_is_the_one_of_the_schema() -> None:
    assert {*VALUE_TYPES, "tensor", "tensor_list", "rows", "holder"} == set(get_args(ValueType))


def test_same_hands_on_the_very_object() -> None:
    value = object()
    assert convert(value, param("same", "boxes"))["boxes"] is value


@pytest.mark.parametrize("value", [1, 1.0, True, np.float32(1), np.int64(1), np.array(1)])
def test_a_number_becomes_a_float_of_equal_value(value: Any) -> None:
    filled = convert(value, param("number", "iou_threshold"))["iou_threshold"]
    assert (type(filled), filled) == (float, 1.0)


def test_a_number_keeps_its_value_exactly() -> None:
    assert (
        convert(np.float32(0.1), param("number", "slot"))["slot"] == float(np.float32(0.1)) != 0.1
    )


@pytest.mark.parametrize("value", [2, np.int8(2), np.uint64(2), np.array(2)])
def test_an_integer_becomes_an_int(value: Any) -> None:
    filled = convert(value, param("integer", "sampling_ratio"))["sampling_ratio"]
    assert (type(filled), filled) == (int, 2)


@pytest.mark.parametrize(
    ("value", "height", "width"),
    [
        (7, 7, 7),
        ((7, 5), 7, 5),
        ([7, 5], 7, 5),
        (np.array([7, 5]), 7, 5),
        (np.int64(7), 7, 7),
        ((np.int8(7), 5), 7, 5),
    ],
)
def test_a_pair_is_height_then_width(value: Any, height: int, width: int) -> None:
    filled = convert(value, param("pair", "pooled_height", "pooled_width"))
    assert filled == {"pooled_height": height, "pooled_width": width}
    assert {type(size) for size in filled.values()} == {int}


def test_columns_of_one_tensor_are_not_copied() -> None:
    value = object()
    filled = convert(value, param("columns", "boxes", "scores", columns=((0, 4), (4, 5))))
    assert filled == {"boxes": value, "boxes_column": 0, "scores": value, "scores_column": 4}


def test_columns_may_lie_in_any_order() -> None:
    value = object()
    filled = convert(value, param("columns", "boxes", "scores", columns=((1, 5), (0, 1))))
    assert (filled["boxes_column"], filled["scores_column"]) == (1, 0)


def test_regions_are_joined_only_when_they_come_as_a_list() -> None:
    tensor = object()
    assert convert(tensor, param("rois", "rois")) == {"rois": tensor}
    assert convert([1, 2], param("rois", "rois")) == {"rois": ("joined", 1, 2)}
    assert convert((1, 2), param("rois", "rois")) == {"rois": ("joined", 1, 2)}


@pytest.mark.parametrize("value", [0, -1, -0.5, 0.0, float("nan"), float("-inf"), np.float32(0)])
def test_what_is_not_above_zero_leaves_the_slot_out(value: Any) -> None:
    assert convert(value, param("positive_number", "score_threshold")) == {}


@pytest.mark.parametrize("value", [2, 2.0, np.float32(2), np.array(2)])
def test_what_is_above_zero_fills_the_slot(value: Any) -> None:
    filled = convert(value, param("positive_number", "slot"))["slot"]
    assert (type(filled), filled) == (float, 2.0)
    filled = convert(int(value), param("positive_integer", "slot"))["slot"]
    assert (type(filled), filled) == (int, 2)


def test_no_positive_integer_leaves_the_slot_out() -> None:
    assert convert(-1, param("positive_integer", "max_outputs")) == {}
    assert convert(np.int64(0), param("positive_integer", "max_outputs")) == {}


@pytest.mark.parametrize(
    ("dtype", "wide"),
    [
        *(("bool", "int64"), ("uint8", "int64"), ("int32", "int64"), ("int64", "int64")),
        *(("float16", "float64"), ("float32", "float64"), ("float64", "float64")),
    ],
)
def test_ids_are_widened_without_loss(dtype: str, wide: str) -> None:
    ids = np.array([0, 1, 1], dtype)
    filled = convert(ids, param("ids", "groups"))["groups"]
    assert filled.dtype == wide
    np.testing.assert_array_equal(filled, ids)


@pytest.mark.parametrize("boxes", [1, 2, 1000, np.int64(7)])
def test_from_a_number_of_boxes_on_is_above_a_number_of_elements(boxes: int) -> None:
    limit = convert(boxes, param("element_limit", "shift_limit"))["shift_limit"]
    assert [4 * count > limit for count in (boxes - 1, boxes)] == [False, True]


@pytest.mark.parametrize("boxes", [0, -5])
def test_a_limit_of_no_boxes_is_passed_by_one_box(boxes: int) -> None:
    assert convert(boxes, param("element_limit", "shift_limit"))["shift_limit"] < 4


def test_what_is_ignored_fills_nothing() -> None:
    assert convert(3, param("ignored")) == {}


@pytest.mark.parametrize("optional", [True, False])
def test_only_an_optional_parameter_may_be_none(optional: bool) -> None:
    given = param("integer", "slot", types=("integer",), optional=optional)
    if optional:
        check_value_type(None, given, "nms")
    else:
        with pytest.raises(DtypeError, match="given is None"):
            check_value_type(None, given, "nms")


MODES = param(
    "choice",
    types=("int",),
    choices=(Choice(0, {"end_offset": 0}), Choice(1, {"end_offset": 1, "min_size": "none"})),
)


def test_a_choice_sets_its_axes() -> None:
    assert chosen_axes(0, MODES, "ROIAlign") == {"end_offset": 0}
    assert chosen_axes(1, MODES, "ROIAlign") == {"end_offset": 1, "min_size": "none"}


def test_a_choice_that_is_none_is_refused() -> None:
    with pytest.raises(ArgumentError) as caught:
        chosen_axes(2, MODES, "ROIAlign")
    assert str(caught.value) == "ROIAlign: given is 2; allowed: 0, 1"


ACCEPTED: dict[str, list[Any]] = {
    "float": [1.0, float("nan"), np.float64(1)],
    "number": [1, 1.0, np.float32(1), np.array(1.0), 10**400],
    "int": [1, -(10**400)],
    "integer": [1, np.int8(1), np.uint64(1), np.array(1)],
    "bool": [True, False],
    "int_pair": [(1, 2), [1, 2], (np.int64(1), 2), np.array([1, 2])],
    "integers": [[1, 2, 3], (1,), (), [np.int8(1)]],
    "number_pair": [(1, 2.0), [1, 2], (np.float32(1), np.array(2))],
    "float_tuple": [(1.0, 2.0), (), (np.float64(1),)],
    "string": ["", "a"],
    "single": [np.array([0.5]), np.array([1])],
}
REFUSED: dict[str, list[Any]] = {
    "float": [1, np.float32(1), "1", None, np.array(1.0)],
    "number": ["1", None, 1j, np.array([1.0]), [1], float, np.complex64(1)],
    "int": [1.0, True, np.int64(1), "1", None],
    "integer": [
        1.0,
        True,
        np.float32(1),
        np.array(1.0),
        np.array([1]),
        "1",
        None,
        int,
        np.bool_(True),
    ],
    "bool": [0, 1, np.bool_(True), None, "True"],
    "int_pair": [1, (1,), (1, 2, 3), (1, 2.0), (True, 1), "12", np.array([1.0, 2.0]), {1: 1}],
    "integers": [1, [1, 2.0], [True], np.array([1, 2]), "12", None],
    "number_pair": [1, (1,), (1, 2, 3), (1, "2"), np.array([1, 2]), {1: 1, 2: 2}],
    "float_tuple": [1.0, [1.0, 2.0], (1.0, 2), (np.float32(1),)],
    "string": [1, None, b"a"],
    "single": [0.5, [0.5], np.array(0.5), np.array([0.5, 1.0])],
}


def cases(listed: dict[str, list[Any]]) -> list[Any]:
    """One case per type and value."""
    return [
        pytest.param(kind, value, id=f"{kind}-{type(value).__name__}-{index}")
        for kind, values in listed.items()
        for index, value in enumerate(values)
    ]


@pytest.mark.parametrize(("kind", "value"), cases(ACCEPTED))
def test_a_value_of_an_allowed_type(kind: ValueType, value: Any) -> None:
    check_value_type(value, param("same", "slot", types=(kind,)), "op")


@pytest.mark.parametrize(("kind", "value"), cases(REFUSED))
def test_a_value_of_another_type(kind: ValueType, value: Any) -> None:
    is_pair = kind in ("int_pair", "number_pair") and isinstance(value, (list, tuple))
    with pytest.raises(ArgumentError if is_pair else DtypeError) as caught:
        check_value_type(value, param("same", "slot", types=(kind,)), "op")
    assert str(caught.value) == f"op: given is {spelled(value)}; {expected_types([kind])}"


def test_every_type_has_words_of_its_own_in_messages() -> None:
    said = [expected_types([kind]) for kind in get_args(ValueType)]
    assert len(set(said)) == len(said)
    assert all(each.startswith(("expected a ", "expected an ", "expected lists ")) for each in said)
    assert expected_types(["int", "bool", "string"]) == "expected an int or a bool or a string"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (3, "3 (int)"),
        (None, "None (NoneType)"),
        ("x" * 58, f"'{'x' * 58}' (str)"),
        ("x" * 59, f"'{'x' * 56}... (str)"),
        (np.zeros((2, 0)), "a ndarray of shape (2, 0)"),
        (np.array(1.5), "array(1.5) (ndarray)"),
    ],
)
def test_a_refused_value_is_said_with_its_type(value: Any, said: str) -> None:
    assert spelled(value) == said


def test_one_of_several_types_is_enough() -> None:
    size = param("pair", "h", "w", types=("integer", "int_pair"))
    check_value_type(3, size, "op")
    check_value_type((3, 4), size, "op")
    with pytest.raises(DtypeError) as caught:
        check_value_type(3.5, size, "op")
    assert (
        str(caught.value) == "op: given is 3.5 (float); expected an integer or a pair of integers"
    )


def test_long_values_are_cut_in_messages() -> None:
    with pytest.raises(DtypeError) as caught:
        check_value_type("x" * 10000, param("same", "slot", types=("int",)), "op")
    assert str(caught.value) == f"op: given is '{'x' * 56}... (str); expected an int"


def test_arrays_are_named_by_their_shape() -> None:
    with pytest.raises(DtypeError) as caught:
        check_value_type(np.zeros((2, 3)), param("same", "slot", types=("number",)), "op")
    assert str(caught.value) == "op: given is a ndarray of shape (2, 3); expected a number"


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (2, 2), (np.int8(2), 2), (np.array(2), 2), (2.0, 2.0), (np.float32(0.5), 0.5), (True, 1.0),
        (np.array(0.5), 0.5),
    ],
)  # fmt: skip
def test_integers_stay_integers_and_other_numbers_are_floats(value: Any, plain: Any) -> None:
    number = as_number(value)
    assert (type(number), number) == (type(plain), plain)
    assert convert(value, param("plain_number", "slot")) == {"slot": plain}
    filled = convert((value, 3), param("number_pair", "one", "two"))
    assert list(map(repr, filled.items())) == [repr(("one", plain)), repr(("two", 3))]


def test_floats_are_one_tuple() -> None:
    assert convert([1.0, 2.0], param("floats", "slot")) == {"slot": (1.0, 2.0)}
