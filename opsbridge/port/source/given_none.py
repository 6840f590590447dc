"""Parameters of cells that get None: labels, say, where a network is only to infer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

import libcst as cst

from opsbridge.port.source.graph_functions import calls_in
from opsbridge.port.source.names import dotted
from opsbridge.port.source.project import ClassInfo, Project, SourceUnit, self_name


def given_none(project: Project, units: Iterable[SourceUnit]) -> set[cst.CSTNode]:
    """The parameters of `construct` for which a call of such a cell gives None.

    Seen are calls `self.x(...)`, and those of a variable that the file sets to a cell anywhere:
    a cast of a parameter that is never None does the same, whichever way it is written.
    """
    found: set[cst.CSTNode] = set()
    for info in project.classes.values():
        for method in info.methods.values():
            for call in calls_in(method):
                parts = dotted(call.func)
                if len(parts) == 2 and parts[0] == self_name(method):
                    for construct in _constructs(project, info, parts[1]):
                        found |= set(_none_for(call, construct))
    for unit in units:
        variables = _Variables()
        unit.tree.module.visit(variables)
        for call in variables.calls:
            for made in variables.made[dotted(call.func)[0]]:
                for construct in _constructs_of(project, unit, made):
                    found |= set(_none_for(call, construct))
    return found


class _Variables(cst.CSTVisitor):
    """What calls give plain names, and the calls of plain names."""

    def __init__(self) -> None:
        self.made: dict[str, list[cst.Call]] = defaultdict(list)
        self.calls: list[cst.Call] = []

    def visit_Assign(self, node: cst.Assign) -> None:
        """Note what a name is set to."""
        for each in node.targets:
            if isinstance(each.target, cst.Name) and isinstance(node.value, cst.Call):
                self.made[each.target.value].append(node.value)

    def visit_Call(self, node: cst.Call) -> None:
        """Note the call of a name."""
        if isinstance(node.func, cst.Name):
            self.calls.append(node)


def _constructs(project: Project, owner: ClassInfo, attribute: str) -> Iterator[cst.FunctionDef]:
    """The methods `construct` of the cells that an attribute is set to."""
    for binding in owner.bound(attribute):
        if isinstance(binding.value, cst.Call):
            yield from _constructs_of(project, binding.unit, binding.value)


def _constructs_of(project: Project, unit: SourceUnit, made: cst.Call) -> Iterator[cst.FunctionDef]:
    """The methods `construct` of the cell that a call makes."""
    name = unit.names.full_name(made.func) or ".".join(dotted(made.func))
    cell = project.find_function_class(name, unit)
    lines = cell.ancestors() if cell is not None else ()
    yield from (each.methods["construct"] for each in lines if "construct" in each.methods)


def _none_for(call: cst.Call, construct: cst.FunctionDef) -> Iterator[cst.Param]:
    params = [*construct.params.posonly_params, *construct.params.params][1:]
    by_name = {param.name.value: param for param in (*params, *construct.params.kwonly_params)}
    for index, arg in enumerate(call.args):
        if not (isinstance(arg.value, cst.Name) and arg.value.value == "None"):
            continue
        if arg.keyword is not None:
            yield from (by_name[name] for name in (arg.keyword.value,) if name in by_name)
        else:
            yield from params[index : index + 1]
