"""The converters that a table may name, and the value types it may allow; both lists are closed.

A converter takes one argument of a framework API and fills slots of the core operator. The law of
each: the slots mean to the core what the argument means to the framework.
"""

from __future__ import annotations

import math
import numbers
import struct
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from opsbridge.errors import ArgumentError, DtypeError
from opsbridge.tables.schema import Param


class RegionLayer(Protocol):
    """What converters need of the framework whose tensors came."""

    def concatenate_regions(self, boxes: list[Any]) -> Any:
        """One (L, 4) tensor per image as (K, 5) regions with a batch column."""

    def dtype(self, tensor: Any) -> str:
        """The element type by NumPy's name."""

    def cast(self, tensor: Any, dtype: str) -> Any:
        """The same numbers in another element type."""


Slots = dict[str, Any]


def _same(value: Any, param: Param, layer: RegionLayer) -> Slots:
    return {param.fills[0]: value}


def _number(value: Any, param: Param, layer: RegionLayer) -> Slots:
    return {param.fills[0]: float(_scalar(value))}


def _float32_number(value: Any, param: Param, layer: RegionLayer) -> Slots:
    return {param.fills[0]: _to_float32(float(_scalar(value)))}


def _above_number(value: Any, param: Param, layer: RegionLayer) -> Slots:
    """Not above the number is below the next one: a bound that drops what equals the number."""
    number = _to_float32(float(_scalar(value)))
    return {param.fills[0]: _next_float32(number)}


def _to_float32(number: float) -> float:
    return float(struct.unpack("f", struct.pack("f", number))[0])  # too large: infinity


def _next_float32(number: float) -> float:
    if math.isnan(number) or number == math.inf:
        return number
    (word,) = struct.unpack("i", struct.pack("f", number + 0.0))
    return float(struct.unpack("f", struct.pack("i", word + 1 if word >= 0 else word - 1))[0])


def _integer(value: Any, param: Param, layer: RegionLayer) -> Slots:
    return {param.fills[0]: int(_scalar(value))}


def _count(value: Any, param: Param, layer: RegionLayer) -> Slots:
    return {param.fills[0]: max(int(_scalar(value)), 0)}


def _pair(value: Any, param: Param, layer: RegionLayer) -> Slots:
    # An integer that a graph of PyTorch leaves open may be asked for nothing.
    if not isinstance(value, int) and getattr(value, "shape", None):
        value = value.tolist()
    first, second = value if isinstance(value, Sequence) else (value, value)
    return {param.fills[0]: int(_scalar(first)), param.fills[1]: int(_scalar(second))}


def _plain_number(value: Any, param: Param, layer: RegionLayer) -> Slots:
    return {param.fills[0]: as_number(value)}


def _number_pair(value: Any, param: Param, layer: RegionLayer) -> Slots:
    return {slot: as_number(each) for slot, each in zip(param.fills, value, strict=True)}


def as_number(value: Any) -> int | float:
    """An integer as an int, any other number as a float."""
    return int(_scalar(value)) if _is_integer(value) else float(_scalar(value))


def _floats(value: Any, param: Param, layer: RegionLayer) -> Slots:
    return {param.fills[0]: tuple(value)}


def _columns(value: Any, param: Param, layer: RegionLayer) -> Slots:
    """One tensor in several slots; the core reads each from its first column, nothing is copied."""
    slots: Slots = {}
    for slot, (first, _) in zip(param.fills, param.columns, strict=True):
        slots[slot] = value
        slots[f"{slot}_column"] = first
    return slots


def _rois(value: Any, param: Param, layer: RegionLayer) -> Slots:
    if isinstance(value, (list, tuple)):
        value = layer.concatenate_regions(list(value))
    return {param.fills[0]: value}


def _positive_number(value: Any, param: Param, layer: RegionLayer) -> Slots:
    return {param.fills[0]: float(_scalar(value))} if _scalar(value) > 0 else {}


def _positive_integer(value: Any, param: Param, layer: RegionLayer) -> Slots:
    return {param.fills[0]: int(_scalar(value))} if _scalar(value) > 0 else {}


def _ids(value: Any, param: Param, layer: RegionLayer) -> Slots:
    """Equal ids stay equal and others apart: every id of these dtypes is one of the wider ones."""
    wide = "float64" if layer.dtype(value) in _FLOATING else "int64"
    return {param.fills[0]: layer.cast(value, wide)}


_FLOATING = ("float16", "bfloat16", "float32", "float64")


def _element_limit(value: Any, param: Param, layer: RegionLayer) -> Slots:
    """Fewer than `value` boxes have at most this many elements."""
    return {param.fills[0]: max(4 * int(_scalar(value)) - 1, 0)}


def _ignored(value: Any, param: Param, layer: RegionLayer) -> Slots:
    return {}


CONVERTERS: dict[str, Callable[[Any, Param, RegionLayer], Slots]] = {
    "same": _same,
    "number": _number,
    "float32_number": _float32_number,
    "above_number": _above_number,
    "integer": _integer,
    "count": _count,
    "plain_number": _plain_number,
    "number_pair": _number_pair,
    "floats": _floats,
    "pair": _pair,
    "columns": _columns,
    "rois": _rois,
    "positive_number": _positive_number,
    "positive_integer": _positive_integer,
    "ids": _ids,
    "element_limit": _element_limit,
    "result": _ignored,
    "ignored": _ignored,
}


def chosen_axes(value: Any, param: Param, operator_name: str) -> dict[str, Any]:
    """The axes that a value of an enumerated parameter sets (converter `choice`)."""
    for choice in param.choices:
        if choice.value == value:
            return choice.set
    allowed = ", ".join(repr(choice.value) for choice in param.choices)
    raise ArgumentError(f"{operator_name}: {param.name} is {value!r}; allowed: {allowed}")


def _scalar(value: Any) -> Any:
    """Tensors of rank 0 pass for their element; larger ones never do."""
    if isinstance(value, (int, float)):  # first, as tracing cannot ask a symbol for a shape
        return value
    return value.item() if getattr(value, "shape", None) == () else value


def _is_single(value: Any) -> bool:
    return getattr(value, "shape", None) == (1,) and isinstance(value[0].item(), numbers.Real)


def plain_element(value: Any) -> Any:
    """The number in a tensor of one element; anything else as it is."""
    return value[0].item() if getattr(value, "shape", None) == (1,) else value


def _is_integer(value: Any) -> bool:
    scalar = _scalar(value)
    return isinstance(scalar, numbers.Integral) and not isinstance(scalar, bool)


def _is_number(value: Any) -> bool:
    return isinstance(_scalar(value), numbers.Real)


def _is_number_pair(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and len(value) == 2 and all(map(_is_number, value))


def _is_float_tuple(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(each, float) for each in value)


def _is_pair(value: Any) -> bool:
    if tuple(getattr(value, "shape", ())) == (2,):
        value = value.tolist()
    return isinstance(value, (list, tuple)) and len(value) == 2 and all(map(_is_integer, value))


# What each value type accepts besides tensors, which the front-end knows by their framework.
VALUE_TYPES: dict[str, Callable[[Any], bool]] = {
    "float": lambda value: isinstance(value, float),
    "number": _is_number,
    "single": _is_single,
    "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "integer": _is_integer,
    "bool": lambda value: isinstance(value, bool),
    "integers": lambda value: isinstance(value, (list, tuple)) and all(map(_is_integer, value)),
    "int_pair": _is_pair,
    "number_pair": _is_number_pair,
    "float_tuple": _is_float_tuple,
    "string": lambda value: isinstance(value, str),
}

# Classes whose values a value type accepts as they are, and no converter changes.
PLAIN_TYPES: dict[str, type] = {
    "float": float,
    "number": float,
    "int": int,
    "integer": int,
    "bool": bool,
}

_SPELLED_TYPES = {
    "tensor": "a tensor (torch.Tensor, numpy.ndarray or mindspore.Tensor)",
    "tensor_list": "a list of one (L, 4) tensor per image",
    "rows": "lists of numbers",
    "float": "a float",
    "number": "a number",
    "single": "a tensor of one element",
    "int": "an int",
    "integer": "an integer",
    "bool": "a bool",
    "integers": "a list of integers",
    "int_pair": "a pair of integers",
    "number_pair": "a pair of numbers",
    "float_tuple": "a tuple of floats",
    "string": "a string",
    "holder": "an object with .tensor",
}


def check_value_type(value: Any, param: Param, operator_name: str) -> None:
    """Raise unless `value` is of a type that the table allows for this parameter."""
    if value is None and param.optional:
        return
    if any(VALUE_TYPES[kind](value) for kind in param.types if kind in VALUE_TYPES):
        if param.converter in _FLOAT_CONVERTERS:
            _check_fits_float(plain_element(value), param, operator_name)
        if not (param.minimum is None and param.maximum is None and param.above is None):
            _check_range(plain_element(value), param, operator_name)
        return
    message = f"{operator_name}: {param.name} is {spelled(value)}; {expected_types(param.types)}"
    # A sequence of the wrong length is a wrong value of the right type.
    if {"int_pair", "number_pair"} & set(param.types) and isinstance(value, (list, tuple)):
        raise ArgumentError(message)
    raise DtypeError(message)


_FLOAT_CONVERTERS = ("number", "float32_number", "above_number", "positive_number")


def _check_range(value: Any, param: Param, operator_name: str) -> None:
    number = _scalar(value)
    least = -math.inf if param.minimum is None else param.minimum
    most = math.inf if param.maximum is None else param.maximum
    if least <= number <= most and (param.above is None or number > param.above):
        return
    bounds = [f"at least {least:g}"] * (least > -math.inf) + [f"at most {most:g}"] * (
        most < math.inf
    )
    bounds += [] if param.above is None else [f"above {param.above:g}"]
    raise ArgumentError(
        f"{operator_name}: {param.name} is {number}; it must be {' and '.join(bounds)}"
    )


def _check_fits_float(value: Any, param: Param, operator_name: str) -> None:
    try:
        float(_scalar(value))
    except OverflowError:
        raise ArgumentError(
            f"{operator_name}: {param.name} is {spelled(value)}; it must fit in a float"
        ) from None


def expected_types(kinds: Sequence[str]) -> str:
    """What a parameter of these value types takes, for messages."""
    return "expected " + " or ".join(_SPELLED_TYPES[kind] for kind in kinds)


def spelled(value: Any) -> str:
    """A refused value and its type, for messages."""
    shape = getattr(value, "shape", None)
    if shape is not None and len(shape):
        return f"a {type(value).__name__} of shape {tuple(shape)}"
    try:
        text = repr(value)
    except ValueError:  # Python refuses to write out integers of thousands of digits
        text = "too long to show"
    return f"{text if len(text) <= 60 else text[:57] + '...'} ({type(value).__name__})"
