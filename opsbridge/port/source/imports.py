"""Imports of a translated file: those that go, those that come, and helpers below them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import libcst as cst
import libcst.matchers as m
from libcst.metadata import ComprehensionScope, FunctionScope, ImportAssignment

from opsbridge.port.source.helpers import Helper
from opsbridge.port.source.meaning import surface_of
from opsbridge.port.source.names import absolute_module, bound_name, is_ported
from opsbridge.port.source.parse import Tree
from opsbridge.port.source.plan import Plan

_ANCHOR = "__opsbridge_imports__"


def unused_imports(plan: Plan) -> dict[cst.CSTNode, set[str]]:
    """Imports of MindSpore and the names of them that the translation uses no more.

    A name that other files import stays, unless opsbridge's surface can take its place. The import
    of all names, which has the name "*", stays where any name of the file may be one of them.
    """
    tree = plan.unit.tree
    replaced = plan.replaced
    left = {name for name in plan.unit.asked if not surface_of(plan.unit.names.of_module([name]))}
    if _runs_text(tree):
        left.add("*")
    found: list[tuple[cst.CSTNode, str]] = []

    class Uses(cst.CSTVisitor):
        def visit_Name(self, node: cst.Name) -> None:
            if node not in replaced and _may_be_imported(tree, node):
                left.add(node.value)
                if plan.unit.names.is_open(node.value, node):
                    left.add("*")

        def visit_Import(self, node: cst.Import) -> bool:
            found.extend(
                (node, bound_name(alias))
                for alias in node.names
                if is_ported(str(alias.evaluated_name))
            )
            return False

        def visit_ImportFrom(self, node: cst.ImportFrom) -> bool:
            if is_ported(absolute_module(node, tree)):
                aliases = () if isinstance(node.names, cst.ImportStar) else node.names
                found.extend((node, name) for name in map(bound_name, aliases))
                found.extend([] if aliases else [(node, "*")])
            return False

    tree.module.visit(Uses())
    unused: dict[cst.CSTNode, set[str]] = {}
    for node, name in found:
        if name not in left:
            unused.setdefault(node, set()).add(name)
    return unused


def names_to_keep(plan: Plan, unused: dict[cst.CSTNode, set[str]]) -> dict[str, str]:
    """Names whose import goes but which are needed still, and what they are on the surface.

    Other files import them, or the file calls `eval` or `exec`: the text may have any.
    """
    names = plan.unit.names
    gone = dict(_gone_names(plan, unused))
    if _runs_text(plan.unit.tree):
        found = gone
    else:
        is_any_gone = any("*" in each for each in unused.values())
        found = {
            name: names.of_module([name])
            for name in plan.unit.asked
            if name in gone or (is_any_gone and names.is_open(name))
        }
    surfaces = ((name, surface_of(full)) for name, full in sorted(found.items()))
    return {name: surface for name, surface in surfaces if surface}


def _gone_names(
    plan: Plan, unused: Mapping[cst.CSTNode, Collection[str]]
) -> Iterator[tuple[str, str]]:
    """Names whose import goes, anywhere in a file, and what they are in full."""
    tree, names = plan.unit.tree, plan.unit.names
    for node, gone in unused.items():
        assert isinstance(node, cst.Import | cst.ImportFrom)
        module = absolute_module(node, tree) + "." if isinstance(node, cst.ImportFrom) else ""
        for alias in () if isinstance(node.names, cst.ImportStar) else node.names:
            name = bound_name(alias)
            if name in gone:
                full = f"{module}{alias.evaluated_name}" if alias.asname or module else name
                yield name, names.origin(full)


def _runs_text(tree: Tree) -> bool:
    return bool(m.findall(tree.module, m.Call(func=m.Name("eval") | m.Name("exec"))))


def with_names(module: cst.Module, found: Mapping[str, str]) -> cst.Module:
    """Bind names below the imports."""
    if not found:
        return module
    config = module.config_for_parsing
    lines = [cst.parse_statement(f"{name} = {full}", config=config) for name, full in found.items()]
    body = list(module.body)
    last = max((i for i, line in enumerate(body) if _is_import(line)), default=-1) + 1
    return module.with_changes(body=[*body[:last], *lines, *body[last:]])


def first_import(plan: Plan) -> cst.CSTNode | None:
    """The first line of the module that imports MindSpore."""
    tree = plan.unit.tree
    for line in tree.module.body:
        for statement in _small_statements(line):
            if isinstance(statement, cst.ImportFrom):
                names = [absolute_module(statement, tree)]
            elif isinstance(statement, cst.Import):
                names = [str(alias.evaluated_name) for alias in statement.names]
            else:
                continue
            if any(map(is_ported, names)):
                return line
    return None


def _may_be_imported(tree: Tree, node: cst.Name) -> bool:
    """Whether a name stands for a value, and what it stands for may be an import's."""
    if _is_label(tree.parents.get(node), node) or tree.is_assigned(node):
        return False
    scope = tree.scopes.get(node)
    if not isinstance(scope, FunctionScope | ComprehensionScope):
        return True  # in a class or a module, a name of its own and an import may both be meant
    found = scope[node.value]
    return not found or any(isinstance(each, ImportAssignment) for each in found)


def _is_label(parent: cst.CSTNode | None, node: cst.Name) -> bool:
    """Whether a name is only a keyword, the last part of `a.b`, or what a definition is called."""
    if isinstance(parent, cst.Arg):
        return parent.keyword is node
    if isinstance(parent, cst.FunctionDef | cst.ClassDef):
        return parent.name is node
    return isinstance(parent, cst.Attribute) and parent.attr is node


def with_imports(module: cst.Module, modules: list[str], helpers: Collection[Helper]) -> cst.Module:
    """Write imports where those of MindSpore began, and helpers after the last import."""
    body = list(module.body)
    there = {
        str(alias.evaluated_name)
        for line in body
        for statement in _small_statements(line)
        if isinstance(statement, cst.Import)
        for alias in statement.names
        if alias.asname is None
    }
    new: list[Any] = [
        cst.parse_statement(f"import {name}", config=module.config_for_parsing)
        for name in modules
        if name not in there
    ]
    anchor = next((i for i, line in enumerate(body) if _is_anchor(line)), None)
    if anchor is None:
        anchor = _first_place(body)
        body.insert(anchor, anchor_line(()))
        if new and anchor == 0 and module.header:
            new[0] = new[0].with_changes(leading_lines=[cst.EmptyLine(indent=False)])
    if new:
        comments = [*body[anchor].leading_lines, *new[0].leading_lines]
        new[0] = new[0].with_changes(leading_lines=comments)
    body[anchor : anchor + 1] = new
    last = max((i for i, line in enumerate(body) if _is_import(line)), default=-1) + 1
    defined = {line.name.value for line in body if isinstance(line, cst.FunctionDef | cst.ClassDef)}
    functions = [
        cst.parse_statement(helper.source, config=module.config_for_parsing).with_changes(
            leading_lines=[cst.EmptyLine(indent=False), cst.EmptyLine(indent=False)]
        )
        for helper in helpers
        if helper.name not in defined
    ]
    return module.with_changes(body=[*body[:last], *functions, *body[last:]])


def _small_statements(line: cst.CSTNode) -> Sequence[cst.CSTNode]:
    return line.body if isinstance(line, cst.SimpleStatementLine) else ()


def anchor_line(leading_lines: Any) -> cst.SimpleStatementLine:
    """A statement that is replaced by imports in the end."""
    statement = cst.Expr(cst.Name(_ANCHOR))
    return cst.SimpleStatementLine([statement], leading_lines=leading_lines)


def _is_anchor(line: Any) -> bool:
    return (
        isinstance(line, cst.SimpleStatementLine)
        and isinstance(line.body[0], cst.Expr)
        and isinstance(line.body[0].value, cst.Name)
        and line.body[0].value.value == _ANCHOR
    )


def _is_import(line: Any) -> bool:
    return any(isinstance(each, cst.Import | cst.ImportFrom) for each in _small_statements(line))


def _first_place(body: list[Any]) -> int:
    """Where imports may begin: behind the text of the module and imports from __future__."""
    start = 0
    for index, line in enumerate(body):
        is_text = (
            index == 0
            and isinstance(line, cst.SimpleStatementLine)
            and (
                isinstance(line.body[0], cst.Expr)
                and isinstance(line.body[0].value, cst.SimpleString | cst.ConcatenatedString)
            )
        )
        if is_text or _is_future(line):
            start = index + 1
    return start


def _is_future(line: Any) -> bool:
    return isinstance(line, cst.SimpleStatementLine) and any(
        isinstance(each, cst.ImportFrom)
        and isinstance(each.module, cst.Name)
        and each.module.value == "__future__"
        for each in line.body
    )
