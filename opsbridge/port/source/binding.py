"""The arguments of a call, by the parameters that an entry of the tables has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import libcst as cst

from opsbridge.tables.port_schema import PortDefault, PortEntry, PortParam
from opsbridge.tables.schema import Stage


class Unbound(Exception):
    """The call does not fit the signature, or cannot be read without running it."""


class UnknownKeyword(Unbound):
    """The call names a parameter that MindSpore's API does not have: it fails there."""


@dataclass(frozen=True)
class Given:
    """An argument that stands in a call."""

    param: PortParam
    value: cst.BaseExpression
    index: int
    """Its place among the arguments of that call."""


def bind(
    entry: PortEntry, stage: Stage, args: Sequence[cst.Arg], *, receiver: bool = False
) -> dict[str, Given]:
    """Say which parameter of a stage every argument fills.

    A receiver is the parameter `self` of a method, and no argument.

    Raises:
        Unbound: with the reason.
        UnknownKeyword: the entry lists the parameters, and has none of a name that is given.
    """
    params = [p for p in entry.params if p.stage == stage and not (receiver and p.name == "self")]
    found: dict[str, Given] = {}
    free = iter(params)
    for index, arg in enumerate(args):
        if arg.star:
            raise Unbound("its arguments are unpacked with a star")
        param = _by_keyword(params, arg.keyword.value) if arg.keyword else next(free, None)
        if param is None and arg.keyword and (entry.params or not entry.ours):
            keyword = arg.keyword.value
            raise UnknownKeyword(
                f"MindSpore's {entry.last} has no parameter {keyword} in 2.10, nor in another"
                " version that the tables know"
            )
        if param is None:
            what = f"an argument {arg.keyword.value}" if arg.keyword else "so many arguments"
            raise Unbound(f"it has no parameter for {what}")
        if param.variadic and not arg.keyword:
            raise Unbound("it takes any number of arguments")
        if param.name in found:
            raise Unbound(f"{param.name} is given twice")
        found[param.name] = Given(param, arg.value, index)
    for param in params:
        if param.is_required and param.name not in found:
            raise Unbound(f"{param.name} is missing")
    return found


def literal(node: cst.BaseExpression | None) -> bool:
    """Whether an expression is a literal, or a tuple or list of literals."""
    match node:
        case cst.Integer() | cst.Float() | cst.SimpleString():
            return True
        case cst.Name():
            return node.value in ("True", "False", "None")
        case cst.UnaryOperation(operator=cst.Minus()):
            return literal(node.expression)
        case cst.Tuple() | cst.List():
            return all(
                isinstance(element, cst.Element) and literal(element.value)
                for element in node.elements
            )
        case cst.BinaryOperation():
            return literal(node.left) and literal(node.right)
    return False


def written(value: PortDefault | None) -> cst.BaseExpression:
    """A default or fixed value of the tables as source."""
    return cst.parse_expression(repr(_python(value)))


def plain_value(node: cst.BaseExpression) -> PortDefault | None:
    """The value of a literal; None for everything else."""
    match node:
        case cst.Integer() | cst.Float():
            return node.evaluated_value
        case cst.SimpleString():
            text = node.evaluated_value
            return text if isinstance(text, str) else None
        case cst.Name() if node.value in ("True", "False"):
            return node.value == "True"
        case cst.UnaryOperation(operator=cst.Minus()):
            inner = plain_value(node.expression)
            return -inner if isinstance(inner, int | float) else None
        case cst.Tuple() | cst.List():
            values = [plain_value(element.value) for element in node.elements]
            if all(isinstance(value, str | int | float) for value in values):
                return tuple(values)  # type: ignore[arg-type]
    return None


def elements(node: cst.CSTNode) -> Iterator[cst.BaseExpression]:
    """The elements of a tuple or list."""
    if isinstance(node, cst.Tuple | cst.List):
        yield from (element.value for element in node.elements)


def _by_keyword(params: Sequence[PortParam], keyword: str) -> PortParam | None:
    return next((p for p in params if keyword == p.name or keyword in p.aliases), None)


def _python(value: object) -> object:
    return tuple(map(_python, value)) if isinstance(value, list | tuple) else value
