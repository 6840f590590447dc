"""A planned call of PyTorch as source, with its arguments converted."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import libcst as cst

from opsbridge.port.source.binding import literal, plain_value, written
from opsbridge.port.source.hub_call import GETTER, HubCall
from opsbridge.port.source.syntax import NO_SPACE, name, parenthesised
from opsbridge.tables.port_schema import PortDefault, PortEntry


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
            equal=NO_SPACE if keyword else cst.MaybeSentinel.DEFAULT,
        )
        if old is not None:
            arg = arg.with_changes(comma=old.comma, whitespace_after_arg=old.whitespace_after_arg)
        args.append(arg)
    if args and not all(isinstance(old.comma, cst.Comma) for old in originals.values()):
        args[-1] = args[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
    if call.receiver is not None:
        receiver = parenthesised(values[call.receiver.param])
        member = cst.Name(call.function.removesuffix(GETTER).rpartition(".")[2])
        function: cst.BaseExpression = cst.Attribute(receiver, member)
        if call.function.endswith(GETTER):
            return function
    else:
        function = name(call.function)
    return cst.Call(function, args)


def _int64(node: cst.BaseExpression) -> cst.BaseExpression:
    return _of_dtype(node, "torch.int64")


def _bool(node: cst.BaseExpression) -> cst.BaseExpression:
    return _of_dtype(node, "torch.bool")


def _of_dtype(node: cst.BaseExpression, dtype: str) -> cst.BaseExpression:
    receiver = cst.Attribute(parenthesised(node), cst.Name("to"))
    return cst.Call(receiver, [cst.Arg(name(dtype))])


def _dtype_of_that_name(node: cst.BaseExpression) -> cst.BaseExpression:
    text = node.attr.value if isinstance(node, cst.Attribute) else str(plain_value(node))
    return name(f"torch.{text.removesuffix('_')}")


def _one_minus(node: cst.BaseExpression) -> cst.BaseExpression:
    simple = literal(node) and not isinstance(node, cst.BinaryOperation)
    right = node if simple else parenthesised(node)
    return cst.BinaryOperation(cst.Integer("1"), cst.Subtract(), right)


def _tuple_of_one(node: cst.BaseExpression) -> cst.BaseExpression:
    return cst.Tuple([cst.Element(node, comma=cst.Comma())])


_WRITERS: dict[str, Callable[[cst.BaseExpression], cst.BaseExpression]] = {
    "same": lambda node: node,
    "dtype of that name": _dtype_of_that_name,
    "int64": _int64,
    "bool": _bool,
    "one_minus": _one_minus,
    "tuple of one": _tuple_of_one,
}
