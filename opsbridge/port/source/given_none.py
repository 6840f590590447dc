"""Parameters of cells that get None: labels, say, where a network is only to infer."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from opsbridge.port.source.graph_functions import calls_in
from opsbridge.port.source.names import dotted
from opsbridge.port.source.project import ClassInfo, Project, self_name


def given_none(project: Project) -> set[cst.CSTNode]:
    """The parameters of `construct` for which a call `self.x(...)` of such a cell gives None."""
    found: set[cst.CSTNode] = set()
    for info in project.classes.values():
        for method in info.methods.values():
            for call in calls_in(method):
                parts = dotted(call.func)
                if len(parts) == 2 and parts[0] == self_name(method):
                    for construct in _constructs(project, info, parts[1]):
                        found |= set(_none_for(call, construct))
    return found


def _constructs(project: Project, owner: ClassInfo, attribute: str) -> Iterator[cst.FunctionDef]:
    """The methods `construct` of the cells that an attribute is set to."""
    for binding in owner.bound(attribute):
        if isinstance(binding.value, cst.Call):
            function = binding.value.func
            name = binding.unit.names.full_name(function) or ".".join(dotted(function))
            cell = project.find_function_class(name, binding.unit)
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
