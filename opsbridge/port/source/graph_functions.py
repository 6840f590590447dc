"""Functions of files that cells call when they run: they see tensors, never NumPy arrays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import libcst as cst

from opsbridge.port.source.arrays import is_of_arrays
from opsbridge.port.source.names import dotted
from opsbridge.port.source.project import ClassInfo, SourceUnit, is_module

_CONSTANT = {"constexpr", "_constexpr", "_primexpr"}
"""Decorators of functions that are run while a graph is built, on what is no tensor."""


def graph_functions(
    units: Iterable[SourceUnit], classes: Iterable[ClassInfo]
) -> set[cst.FunctionDef]:
    """The functions, outside classes, that methods of running cells reach."""
    functions = {unit: _functions(unit) for unit in units}
    open_calls = [
        (info.unit, call)
        for info in classes
        for name in info.graph_methods
        if name in info.methods
        for call in calls_in(info.methods[name])
    ]
    reached: set[cst.FunctionDef] = set()
    while open_calls:
        unit, call = open_calls.pop()
        for owner, function in _found(unit, call, functions):
            if function not in reached and not is_of_arrays(owner, function):
                reached.add(function)
                open_calls += [(owner, each) for each in calls_in(function)]
    return reached


def _functions(unit: SourceUnit) -> dict[str, cst.FunctionDef]:
    """The functions of a file by name, without those for constants."""
    return {
        node.name.value: node
        for node in unit.tree.module.body
        if isinstance(node, cst.FunctionDef)
        and not any(_name(each.decorator) in _CONSTANT for each in node.decorators)
    }


def _name(decorator: cst.BaseExpression) -> str:
    parts = dotted(decorator.func if isinstance(decorator, cst.Call) else decorator)
    return parts[-1] if parts else ""


def calls_in(function: cst.FunctionDef) -> list[cst.Call]:
    """The calls that stand in a function."""
    found: list[cst.Call] = []

    class Calls(cst.CSTVisitor):
        def visit_Call(self, node: cst.Call) -> None:
            found.append(node)

    function.visit(Calls())
    return found


def _found(
    unit: SourceUnit, call: cst.Call, functions: dict[SourceUnit, dict[str, cst.FunctionDef]]
) -> Iterator[tuple[SourceUnit, cst.FunctionDef]]:
    """The functions that a call may mean, and their files."""
    parts = dotted(call.func)
    if len(parts) == 1 and parts[0] in functions[unit]:
        yield unit, functions[unit][parts[0]]
        return
    module, _, last = unit.names.full_name(call.func).rpartition(".")
    for other, known in functions.items():
        if module and last in known and is_module(other.tree, module):
            yield other, known[last]
