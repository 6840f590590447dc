"""Whether an argument can be converted where it is written, and how it is written then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import libcst as cst

from opsbridge.port.source.binding import elements, literal, plain_value
from opsbridge.port.source.flow import Kind
from opsbridge.tables.port_schema import PortArgument, PortConverter, PortDefault


class Inexpressible(Exception):
    """The call has no form in PyTorch's API that surely gives the same."""


@dataclass(frozen=True)
class Known:
    """What is known of the expressions of a call."""

    kind: Callable[[cst.BaseExpression], Kind]
    is_dtype: Callable[[cst.BaseExpression], bool]
    is_name_of_dtype: Callable[[cst.BaseExpression], bool]
    """Whether it is one of NumPy's types, or its name, that PyTorch has under the same name."""
    may_be_none: Callable[[cst.BaseExpression], bool]
    """Whether a call in the source gives None for it."""
    is_of_settings: Callable[[cst.BaseExpression], bool]
    """Whether it is made of numbers and of what the constructor of its class was given."""


@dataclass(frozen=True)
class _Operand:
    """An argument that is to be converted."""

    param: str
    value: cst.BaseExpression
    constant: PortDefault | None
    kind: Kind
    known: Known
    may_be_number: bool
    may_be_open: bool

    def refusal(self, why: str) -> Inexpressible:
        return Inexpressible(f"{self.param} {why}")


def writer_of(
    argument: PortArgument,
    value: cst.BaseExpression,
    known: Known,
    may_be_number: bool,
    may_be_open: bool,
) -> str:
    """How the converted value is written; "omitted" where PyTorch's own default says it.

    A tensor `may_be_number`, or `may_be_open`: nothing is known of the value, and PyTorch refuses
    what is no tensor.

    Raises:
        Inexpressible: that depends on what the value is when the code runs.
    """
    operand = _Operand(
        argument.param, value, plain_value(value), known.kind(value), known,
        may_be_number, may_be_open,
    )  # fmt: skip
    return _CONVERSIONS[argument.convert](operand)


def _number(operand: _Operand) -> str:
    if operand.kind is Kind.TENSOR:
        raise operand.refusal("is a tensor")
    return "same"


def _dtype(operand: _Operand) -> str:
    if operand.known.is_dtype(operand.value):
        return "same"
    if operand.known.is_name_of_dtype(operand.value):
        return "dtype of that name"
    raise operand.refusal("is not known to be a dtype")


def _axes(operand: _Operand) -> str:
    value = operand.value
    if operand.constant == () or (isinstance(value, cst.Name) and value.value == "None"):
        return "omitted"
    if literal(value):
        return "same"
    raise operand.refusal("is no literal: () would mean all axes")


def _axis_list(operand: _Operand) -> str:
    if isinstance(operand.constant, int):
        return "tuple of one"
    if operand.constant:
        return "same"
    raise operand.refusal("is no literal")


def _ints(operand: _Operand) -> str:
    if operand.kind is Kind.SEQUENCE:
        return "same"
    raise operand.refusal("is not known to be a tuple")


def _tensor(operand: _Operand) -> str:
    allowed = {Kind.TENSOR, Kind.GRAPH}
    if operand.may_be_number:
        allowed.add(Kind.NUMBER)
    if operand.may_be_open:
        allowed.add(Kind.UNKNOWN)
    if operand.kind in allowed:
        return "same"
    raise operand.refusal("is not known to be a tensor")


def _index(operand: _Operand) -> str:
    if operand.kind in (Kind.TENSOR, Kind.GRAPH):
        return "int64"
    raise operand.refusal("is not known to be a tensor")


def _truth(operand: _Operand) -> str:
    if isinstance(operand.value, cst.Comparison):
        return _tensor(operand)
    if operand.kind in (Kind.TENSOR, Kind.GRAPH):
        return "bool"
    raise operand.refusal("is not known to be a tensor")


def _display(operand: _Operand) -> str:
    if isinstance(operand.value, cst.Tuple | cst.List) and list(elements(operand.value)):
        return "same"
    raise operand.refusal("may be empty")


def _pair(operand: _Operand) -> str:
    constant = operand.constant
    if isinstance(constant, int) or (isinstance(constant, tuple) and len(constant) == 2):
        return "same"
    raise operand.refusal("is no literal")


_CONVERSIONS: dict[PortConverter, Callable[[_Operand], str]] = {
    "same": lambda operand: "same",
    "int": _number,
    "number": _number,
    "dtype": _dtype,
    "array_dtype": _dtype,
    "axes": _axes,
    "axis_list": _axis_list,
    "ints": _ints,
    "tensor": _tensor,
    "index": _index,
    "truth": _truth,
    "one_minus": lambda operand: "one_minus",
    "display": _display,
    "pair": _pair,
}
