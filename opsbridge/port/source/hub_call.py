"""Calls of the PyTorch API in the place of MindSpore's, where they give the same."""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import libcst as cst

from opsbridge.port.source.binding import Given, elements, literal, plain_value, written
from opsbridge.port.source.flow import Kind
from opsbridge.tables.port_schema import PortArgument, PortCase, PortDefault, PortEntry

# What PyTorch calls the first parameters of its functions; they are given by position, as long as
# no other one stands between them.
FIRST = ("input", "tensors", "condition", "self", "other", "shape", "dims", "size")


# Functions of PyTorch whose second operand may be a number, with the result of a tensor of it.
_TAKE_NUMBERS = {
    *("torch.add", "torch.div", "torch.eq", "torch.fmod", "torch.ge", "torch.gt", "torch.le"),
    *("torch.lt", "torch.mul", "torch.ne", "torch.remainder", "torch.sub", "torch.true_divide"),
}


class Inexpressible(Exception):
    """The call has no form in PyTorch's API that surely gives the same."""


@dataclass(frozen=True)
class Known:
    """What is known of the expressions of a call."""

    kind: Callable[[cst.BaseExpression], Kind]
    is_dtype: Callable[[cst.BaseExpression], bool]


@dataclass(frozen=True)
class HubCall:
    """A call of PyTorch: arguments in the order they are written; "" is no keyword."""

    function: str
    receiver: PortArgument | None
    arguments: tuple[tuple[str, PortArgument, str], ...]
    """Keyword, source, and how the source's expression is written (a key of _WRITERS)."""


def in_case(
    entry: PortEntry, case: PortCase, given: Mapping[str, Given], attributes: Collection[str]
) -> tuple[PortEntry, dict[str, Given]]:
    """Return the entry and the arguments as they are in a case of it.

    `attributes` are the names of all attributes that the source uses.

    Raises:
        Inexpressible: the case does not hold.
    """
    defaults = {param.name: param.default for param in entry.params}
    for param, wanted in case.when.items():
        value = plain_value(given[param].value) if param in given else defaults[param]
        if value != wanted:
            raise Inexpressible(f"{param} is not {wanted!r}")
    for member in case.members:
        if member in attributes:
            raise Inexpressible(f"the code uses .{member}, which PyTorch calls otherwise")
    rest = {
        name: each
        for name, each in given.items()
        if name not in case.when or name in _sources(case.arguments)
    }
    arguments = {**entry.arguments, **case.arguments}
    torch = case.torch or entry.torch
    in_this = replace(entry, torch=torch, arguments=arguments, equality="exact", differences=())
    return in_this, rest


def _sources(arguments: Mapping[str, PortArgument]) -> set[str]:
    return {argument.param for argument in arguments.values()}


def hub_call(entry: PortEntry, given: Mapping[str, Given], known: Known) -> HubCall:
    """Plan the call that stands for `entry` with the arguments that a call gives.

    Raises:
        Inexpressible: with the reason.
    """
    if not entry.torch:
        raise Inexpressible("PyTorch has no such function")
    used = _sources(entry.arguments)
    for name, each in given.items():
        if name not in used:
            raise Inexpressible(f"PyTorch has no argument for {each.param.name}")
    defaults = {param.name: param.default for param in entry.params}
    arguments = []
    by_position = positional(entry)
    for key, argument in entry.arguments.items():
        keyword = "" if key in by_position else key
        value = given[argument.param].value if argument.param in given else None
        if value is None and argument.param and defaults.get(argument.param) is None:
            if keyword:
                continue
            raise Inexpressible(f"{argument.param} is not given")
        if value is None:
            default = defaults[argument.param] if argument.param else argument.value
            if argument.convert != "one_minus" and _is_torchs(entry.torch, keyword, default):
                continue
            value = written(default)
        may_be_number = key == "other" and entry.torch in _TAKE_NUMBERS
        may_be_open = may_be_number or (key != "other" and not _is_method(entry))
        writer = _writer(argument, value, known, may_be_number, may_be_open)
        if writer != "omitted":
            arguments.append((keyword, argument, writer))
    receiver = arguments.pop(0)[1] if _is_method(entry) else None
    return HubCall(entry.torch, receiver, tuple(arguments))


def _is_method(entry: PortEntry) -> bool:
    return entry.torch.removeprefix("torch.").startswith("Tensor.")


def _is_torchs(function: str, keyword: str, value: object) -> bool:
    """Whether PyTorch takes a value for an argument that is not given."""
    defaults = torch_defaults().get(function, {})
    return (
        keyword in defaults
        and defaults[keyword] == value
        and isinstance(value, bool) == isinstance(defaults[keyword], bool)
    )


@lru_cache(maxsize=1)
def torch_defaults() -> dict[str, dict[str, object]]:
    """Functions of PyTorch and their defaults, as far as it matters."""
    return tomllib.loads(Path(__file__).with_name("torch_defaults.toml").read_text("utf-8"))


def positional(entry: PortEntry) -> set[str]:
    """Keys of the arguments that are written without a keyword."""
    leading = itertools.takewhile(lambda key: key.isdigit() or key in FIRST, entry.arguments)
    return set(leading)


def build(
    call: HubCall,
    entry: PortEntry,
    values: Mapping[str, cst.BaseExpression],
    originals: Mapping[str, cst.Arg],
) -> cst.BaseExpression:
    """Return the call of PyTorch with the (translated) expressions of the arguments."""
    defaults: dict[str, PortDefault | None] = {p.name: p.default for p in entry.params}
    args: list[cst.Arg] = []
    for keyword, argument, writer in call.arguments:
        value = values.get(argument.param)
        if value is None:
            value = written(defaults[argument.param] if argument.param else argument.value)
        old = originals.get(argument.param)
        arg = cst.Arg(
            _WRITERS[writer](value),
            keyword=cst.Name(keyword) if keyword else None,
            equal=_NO_SPACE if keyword else cst.MaybeSentinel.DEFAULT,
        )
        if old is not None:
            arg = arg.with_changes(comma=old.comma, whitespace_after_arg=old.whitespace_after_arg)
        args.append(arg)
    args = [
        arg if index == len(args) - 1 or isinstance(arg.comma, cst.Comma)
        else arg.with_changes(comma=cst.MaybeSentinel.DEFAULT)
        for index, arg in enumerate(args)
    ]  # fmt: skip
    if call.receiver is not None:
        function: cst.BaseExpression = cst.Attribute(
            parenthesised(values[call.receiver.param]), cst.Name(call.function.rpartition(".")[2])
        )
    else:
        function = name(call.function)
    return cst.Call(function, args)


def name(dotted: str) -> cst.BaseExpression:
    """A dotted name as source."""
    return cst.parse_expression(dotted)


def parenthesised(node: cst.BaseExpression) -> cst.BaseExpression:
    """An expression that an attribute or subscript may follow."""
    simple = cst.Name | cst.Attribute | cst.Call | cst.Subscript
    if isinstance(node, simple) or node.lpar:
        return node
    return node.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


def _writer(
    argument: PortArgument,
    value: cst.BaseExpression,
    known: Known,
    may_be_number: bool,
    may_be_open: bool,
) -> str:
    """How the converted value is written; "omitted" where PyTorch's own default says it.

    A tensor `may_be_number`, or `may_be_open`: nothing is known of the value, and PyTorch refuses
    what is no tensor.
    """
    kind = known.kind(value)
    constant = plain_value(value)
    match argument.convert:
        case "same" | "int":
            if kind is Kind.TENSOR and argument.convert == "int":
                raise Inexpressible(f"{argument.param} is a tensor")
            return "same"
        case "number":
            if kind is Kind.TENSOR:
                raise Inexpressible(f"{argument.param} is a tensor")
            return "same"
        case "dtype":
            if known.is_dtype(value):
                return "same"
            raise Inexpressible(f"{argument.param} is not known to be a dtype")
        case "axes":
            if constant == () or (isinstance(value, cst.Name) and value.value == "None"):
                return "omitted"
            if literal(value):
                return "same"
            raise Inexpressible(f"{argument.param} is no literal: () would mean all axes")
        case "axis_list":
            if isinstance(constant, int):
                return "tuple of one"
            if constant:
                return "same"
            raise Inexpressible(f"{argument.param} is no literal")
        case "ints":
            if kind is Kind.SEQUENCE:
                return "same"
            raise Inexpressible(f"{argument.param} is not known to be a tuple")
        case "tensor":
            if kind in (Kind.TENSOR, Kind.GRAPH) or (kind is Kind.NUMBER and may_be_number):
                return "same"
            if kind is Kind.UNKNOWN and may_be_open:
                return "same"
            raise Inexpressible(f"{argument.param} is not known to be a tensor")
        case "index":
            if kind in (Kind.TENSOR, Kind.GRAPH):
                return "int64"
            raise Inexpressible(f"{argument.param} is not known to be a tensor")
        case "lower":
            if isinstance(constant, str):
                return "lower"
            raise Inexpressible(f"{argument.param} is no literal")
        case "one_minus":
            return "one_minus"
        case "pairs_reversed":
            if literal(value) and all(len(list(elements(pair))) == 2 for pair in elements(value)):
                return "pairs_reversed"
            raise Inexpressible(f"{argument.param} is no literal")
        case "display":
            written_out = list(elements(value))
            if written_out and isinstance(value, cst.Tuple | cst.List):
                return "same"
            raise Inexpressible(f"{argument.param} may be empty")
        case "pair":
            if isinstance(constant, int) or (isinstance(constant, tuple) and len(constant) == 2):
                return "same"
            raise Inexpressible(f"{argument.param} is no literal")
        case "window":
            if isinstance(constant, int):
                return "same"
            if isinstance(constant, tuple) and len(constant) in (2, 4):
                return "last two" if len(constant) == 4 else "same"
            raise Inexpressible(f"{argument.param} is no literal")
    raise Inexpressible(f"{argument.param} is converted when it runs")


def _lower(node: cst.BaseExpression) -> cst.BaseExpression:
    return written(str(plain_value(node)).lower())


def _int64(node: cst.BaseExpression) -> cst.BaseExpression:
    receiver = cst.Attribute(parenthesised(node), cst.Name("to"))
    return cst.Call(receiver, [cst.Arg(name("torch.int64"))])


def _one_minus(node: cst.BaseExpression) -> cst.BaseExpression:
    simple = literal(node) and not isinstance(node, cst.BinaryOperation)
    right = node if simple else parenthesised(node)
    return cst.BinaryOperation(cst.Integer("1"), cst.Subtract(), right)


def _tuple_of_one(node: cst.BaseExpression) -> cst.BaseExpression:
    return cst.Tuple([cst.Element(node, comma=cst.Comma())])


def _pairs_reversed(node: cst.BaseExpression) -> cst.BaseExpression:
    pairs = [list(elements(pair)) for pair in elements(node)]
    flat = [cst.Element(value) for pair in reversed(pairs) for value in pair]
    return cst.Tuple(flat)


def _last_two(node: cst.BaseExpression) -> cst.BaseExpression:
    return cst.Tuple([cst.Element(value) for value in list(elements(node))[-2:]])


_NO_SPACE = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
_WRITERS: dict[str, Callable[[cst.BaseExpression], cst.BaseExpression]] = {
    "same": lambda node: node,
    "int64": _int64,
    "lower": _lower,
    "one_minus": _one_minus,
    "tuple of one": _tuple_of_one,
    "pairs_reversed": _pairs_reversed,
    "last two": _last_two,
}
