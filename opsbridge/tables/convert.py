"""The converters that a table may name, and the value types it may allow; both lists are closed.

A converter takes one argument of a framework API and fills slots of the core operator. The law of
each: the slots mean to the core what the argument means to the framework.
"""

from __future__ import annotations

import numbers
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from opsbridge.errors import ArgumentError, DtypeError
from opsbridge.tables.schema import Param


class RegionLayer(Protocol):
    """What converters need of the framework whose tensors came."""

    def concatenate_regions(self, boxes: list[Any]) -> Any:
        """One (L, 4) tensor per image as (K, 5) regions with a batch column."""


Slots = dict[str, Any]


def _same(value: Any, param: Param, layer: RegionLayer) -> Slots:
    return {param.fills[0]: value}


def _number(value: Any, param: Param, layer: RegionLayer) -> Slots:
    return {param.fills[0]: float(_scalar(value))}


def _integer(value: Any, param: Param, layer: RegionLayer) -> Slots:
    return {param.fills[0]: int(_scalar(value))}


def _pair(value: Any, param: Param, layer: RegionLayer) -> Slots:
    first, second = value if isinstance(value, Sequence) else (value, value)
    return {param.fills[0]: int(_scalar(first)), param.fills[1]: int(_scalar(second))}


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


CONVERTERS: dict[str, Callable[[Any, Param, RegionLayer], Slots]] = {
    "same": _same,
    "number": _number,
    "integer": _integer,
    "pair": _pair,
    "columns": _columns,
    "rois": _rois,
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
    if isinstance(value, (int, float)):
        return value
    return value.item() if getattr(value, "shape", None) == () else value


def _is_integer(value: Any) -> bool:
    scalar = _scalar(value)
    return isinstance(scalar, numbers.Integral) and not isinstance(scalar, bool)


def _is_number(value: Any) -> bool:
    return isinstance(_scalar(value), numbers.Real)


def _is_pair(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and len(value) == 2 and all(map(_is_integer, value))


# What each value type accepts besides tensors, which the front-end knows by their framework.
VALUE_TYPES: dict[str, Callable[[Any], bool]] = {
    "float": lambda value: isinstance(value, float),
    "number": _is_number,
    "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "integer": _is_integer,
    "bool": lambda value: isinstance(value, bool),
    "int_pair": _is_pair,
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
    "float": "a float",
    "number": "a number",
    "int": "an int",
    "integer": "an integer",
    "bool": "a bool",
    "int_pair": "a pair of integers",
    "string": "a string",
}


def check_value_type(value: Any, param: Param, operator_name: str) -> None:
    """Raise unless `value` is of a type that the table allows for this parameter."""
    if any(VALUE_TYPES[kind](value) for kind in param.types if kind in VALUE_TYPES):
        if param.converter == "number":
            _check_fits_float(value, param, operator_name)
        return
    message = f"{operator_name}: {param.name} is {spelled(value)}; {expected_types(param.types)}"
    # A sequence of the wrong length is a wrong value of the right type.
    if "int_pair" in param.types and isinstance(value, (list, tuple)):
        raise ArgumentError(message)
    raise DtypeError(message)


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
