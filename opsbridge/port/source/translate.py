"""Translate a set of files together: parse all, plan all, then change each."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import libcst as cst

from opsbridge.errors import PortError
from opsbridge.port.source.apply import apply
from opsbridge.port.source.files import SourceFile, Text, read_source
from opsbridge.port.source.given_none import given_none
from opsbridge.port.source.graph_functions import graph_functions
from opsbridge.port.source.names import Names, dotted
from opsbridge.port.source.parse import Tree, check_readable, deep_stack, parse, without_warnings
from opsbridge.port.source.passed_on import PassedOn, asked_names
from opsbridge.port.source.plan import Plan
from opsbridge.port.source.planner import Planner
from opsbridge.port.source.project import ClassInfo, Project, SourceUnit
from opsbridge.port.source.result import FileResult, Point, Target
from opsbridge.tables.load import frameworks_of_the_user


def _may_concern() -> re.Pattern[str]:
    """What the text of a file has that is to be translated."""
    names = sorted({"mindspore", "construct"} | frameworks_of_the_user())
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b")


@dataclass(frozen=True)
class Read:
    """A file that was read: its text, or the problem with it."""

    file: SourceFile
    text: Text | None = None
    tree: Tree | None = None
    problem: str = ""


def translate(
    files: Sequence[SourceFile],
    target: Target,
    tick: Callable[[str], None] = lambda place: None,
) -> list[FileResult]:
    """Translate Python files; a file that cannot be read is a result with a problem.

    `tick` is told every file as it is worked on, twice.
    """
    read = []
    for file in files:
        tick(file.place.as_posix())
        read.append(_read(file))
    with deep_stack(), without_warnings():
        return _translated(read, target, tick)


def translate_text(text: str, target: Target = Target.OPSBRIDGE, place: str = "model.py") -> str:
    """Translate one piece of source.

    Raises:
        PortError: it cannot be parsed.

    >>> print(translate_text("from mindspore import nn\\nlayer = nn.ReLU()\\n"), end="")
    import torch
    layer = torch.nn.ReLU()
    """
    from pathlib import Path, PurePath

    file = SourceFile(Path(place), PurePath(place))
    read = Read(file, Text(text, "utf-8", False), parse(text, file.place))
    with deep_stack(), without_warnings():
        (result,) = _translated([read], target, lambda place: None)
    if result.problem:
        raise PortError(result.problem)
    return str(result.after)


def _read(file: SourceFile) -> Read:
    try:
        text = read_source(file.path)
        is_ours = _may_concern().search(text.text) is not None
        return Read(file, text, parse(text.text, file.place) if is_ours else None)
    except PortError as error:
        return Read(file, problem=str(error))


def _translated(
    read: Sequence[Read], target: Target, tick: Callable[[str], None]
) -> list[FileResult]:
    asked = asked_names({each.file.path: each.text.text for each in read if each.text is not None})
    units = {
        each.file: SourceUnit(each.tree, Names(each.tree), asked[each.file.path])
        for each in read
        if each.tree is not None
    }
    names = {file.path: unit.names for file, unit in units.items()}
    passed_on = PassedOn({path: names.get(path) for path in asked})
    for each in names.values():
        each.origin = passed_on.origin
    project = Project(units.values())
    project.graph_functions = graph_functions(units.values(), project.classes.values())
    project.given_none = given_none(project, units.values())
    plans: dict[SourceFile, Plan] = {}
    for file, unit in units.items():
        tick(file.place.as_posix())
        planner = Planner(unit, project, target)
        unit.tree.module.visit(planner)
        plans[file] = planner.plan
    removed = _removable(list(plans.values()), project)
    return [_result(each, plans.get(each.file), removed) for each in read]


def _result(read: Read, plan: Plan | None, removed: set[cst.CSTNode]) -> FileResult:
    place = read.file.place.as_posix()
    if read.text is None:
        return FileResult(place, problem=read.problem)
    before = read.text.text
    if plan is None:
        return FileResult(place, before=before, after=before)
    after = apply(plan, removed)
    try:
        check_readable(after, read.file.place)
    except PortError as error:
        # Should never happen; but nobody is to get a broken file in place of a whole one.
        return FileResult(
            place, before=before, after=before, problem=f"the translation is no Python: {error}"
        )
    return FileResult(place, tuple(sorted(_points(plan, removed))), before, after)


def _points(plan: Plan, removed: set[cst.CSTNode]) -> list[Point]:
    """The points of a plan; constructors that are removed say so."""
    gone = {
        id(plan.constructors[statement.value])
        for statement in removed
        if isinstance(statement, cst.Assign) and statement.value in plan.constructors
    }
    return [
        replace(each, became="written at its calls", reason="") if id(each) in gone else each
        for each in plan.points
    ]


def _removable(plans: Sequence[Plan], project: Project) -> set[cst.CSTNode]:
    """Assignments of operators to attributes that no code in sight uses any more."""
    inlined = {node: place for plan in plans for node, place in plan.inlined.items()}
    candidates: dict[str, list[tuple[ClassInfo, str]]] = {}
    for owner, attribute in inlined.values():
        candidates.setdefault(attribute, []).append((owner, attribute))
    uses = _Uses(set(candidates), set(inlined), project)
    for plan in plans:
        uses.unit = plan.unit
        plan.unit.tree.module.visit(uses)
    removed: set[cst.CSTNode] = set()
    for attribute, owners in candidates.items():
        if attribute in uses.elsewhere:
            continue
        for owner, _ in owners:
            if any((kin, attribute) in uses.on_self for kin in owner.family):
                continue
            bindings = owner.bound(attribute)
            statements = {binding.statement for binding in bindings}
            is_plain = all(
                isinstance(each, cst.Assign) and len(each.targets) == 1 for each in statements
            )
            if is_plain:
                removed |= statements
    return removed


class _Uses(cst.CSTVisitor):
    """Finds attributes that are used other than by calls which became calls of PyTorch."""

    def __init__(self, names: set[str], inlined: set[cst.CSTNode], project: Project) -> None:
        self.elsewhere: set[str] = set()
        self.on_self: set[tuple[ClassInfo, str]] = set()
        self._project = project
        self.unit: SourceUnit | None = None
        self._names = names
        self._inlined = inlined

    def visit_Attribute(self, node: cst.Attribute) -> None:
        name = node.attr.value
        if name not in self._names or node in self._inlined:
            return
        assert self.unit is not None
        tree = self.unit.tree
        parent = tree.parents.get(node)
        if isinstance(parent, cst.AssignTarget) or self.unit.names.full_name(node):
            return
        owner = next((a for a in tree.ancestors(node) if isinstance(a, cst.ClassDef)), None)
        if owner is not None and len(dotted(node)) == 2 and dotted(node)[0] == "self":
            self.on_self.add((self._project.classes[owner], name))
        elif not (isinstance(parent, cst.Call) and parent.func is node and name in _TENSOR_LIKE):
            self.elsewhere.add(name)

    def visit_SimpleString(self, node: cst.SimpleString) -> None:
        text = node.evaluated_value
        if isinstance(text, str) and text in self._names:
            self.elsewhere.add(text)


_TENSOR_LIKE = {
    *("abs", "add", "all", "any", "argmax", "ceil", "clip", "copy", "cumsum", "div", "equal"),
    *("exp", "expand_dims", "flatten", "floor", "gather", "log", "matmul", "max", "mean", "min"),
    *("mul", "pow", "reshape", "round", "sigmoid", "softmax", "sort", "split", "sqrt", "square"),
    *("squeeze", "sub", "sum", "tanh", "tile", "topk", "transpose", "view"),
}
"""Names of operators that are methods of tensors and arrays, too: another object's are no use."""
