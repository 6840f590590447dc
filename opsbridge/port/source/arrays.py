"""Functions of NumPy arrays, which cells call with what `asnumpy` gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import libcst as cst

from opsbridge.port.source.project import SourceUnit

_Node = TypeVar("_Node", bound=cst.CSTNode)
_SAY_NO_VALUES = ("shape", "ndim", "size", "dtype")


def is_of_arrays(unit: SourceUnit, function: cst.FunctionDef) -> bool:
    """Whether a function gives its parameters, or parts of them, to functions of NumPy.

    Numbers and shapes may come to NumPy in a function of tensors, too: only what is indexed along
    several axes counts, and what is made from that.
    """
    parameters = {param.name.value for param in function.params.params}
    arrays = {name for name in _indexed(function) if name in parameters}
    for assignment in _nodes(function, cst.Assign):
        if arrays & set(_names(assignment.value)):
            targets = (target.target for target in assignment.targets)
            arrays |= {target.value for target in targets if isinstance(target, cst.Name)}
    return any(
        arrays & set(_names(arg.value))
        for call in _nodes(function, cst.Call)
        if unit.names.full_name(call.func).startswith("numpy.")
        for arg in call.args
    )


def _indexed(function: cst.FunctionDef) -> Iterator[str]:
    """The names that are indexed along more than one axis."""
    for node in _nodes(function, cst.Subscript):
        if len(node.slice) > 1 and isinstance(node.value, cst.Name):
            yield node.value.value


def _names(node: cst.CSTNode) -> Iterator[str]:
    """The names whose values an expression uses."""
    if isinstance(node, cst.Attribute) and node.attr.value in _SAY_NO_VALUES:
        return
    if isinstance(node, cst.Name):
        yield node.value
    for child in node.children:
        yield from _names(child)


def _nodes(function: cst.FunctionDef, kind: type[_Node]) -> list[_Node]:
    """The parts of a function of one kind, in the order of the source."""
    found: list[_Node] = []
    parts: list[cst.CSTNode] = [function]
    while parts:
        node = parts.pop()
        if isinstance(node, kind):
            found.append(node)
        parts.extend(reversed(node.children))
    return found
