"""A plan carried out on the tree of its file."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import libcst as cst

from opsbridge.port.source.helpers import Helper
from opsbridge.port.source.names import absolute_module, is_mindspore
from opsbridge.port.source.plan import Plan

MARK = "# opsbridge: "
_ANCHOR = "__opsbridge_imports__"


def apply(plan: Plan, removed: Collection[cst.CSTNode]) -> str:
    """Return the source of the file after the edits of its plan.

    `removed` are assignments of operators that nothing uses any more.
    """
    tree = plan.unit.tree
    unused = _unused_imports(plan)
    module = tree.module.visit(_Applier(plan, removed, unused))
    code = module.code
    helpers = [helper for name, helper in plan.helpers.items() if re.search(rf"\b{name}\b", code)]
    modules = {name for name in plan.modules if f"{name}." in code}
    modules |= {name for helper in helpers for name in helper.imports}
    return _with_imports(module, sorted(modules), helpers).code


class _Applier(cst.CSTTransformer):
    """Replaces planned nodes from the inside out."""

    def __init__(
        self,
        plan: Plan,
        removed: Collection[cst.CSTNode],
        unused: Mapping[cst.CSTNode, set[str]],
    ) -> None:
        super().__init__()
        self._plan = plan
        self._removed = set(removed)
        self._unused = unused
        self._first_import = _first_import(plan)

    def on_leave(self, original_node: cst.CSTNode, updated_node: Any) -> Any:
        result: Any = super().on_leave(original_node, updated_node)
        edit = self._plan.edits.get(original_node)
        if edit is not None:
            result = edit(result)
        remarks = self._plan.marks.get(original_node)
        if remarks:
            result = _marked(result, remarks)
        return result

    def leave_Assign(self, original_node: cst.Assign, updated_node: cst.Assign) -> Any:
        return cst.RemoveFromParent() if original_node in self._removed else updated_node

    def leave_Import(self, original_node: cst.Import, updated_node: cst.Import) -> Any:
        return self._without(original_node, updated_node)

    def leave_ImportFrom(self, original_node: cst.ImportFrom, updated_node: cst.ImportFrom) -> Any:
        if isinstance(original_node.names, cst.ImportStar):
            return updated_node
        return self._without(original_node, updated_node)

    def leave_SimpleStatementLine(
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> Any:
        if original_node is not self._first_import:
            return updated_node
        anchor = _anchor(updated_node.leading_lines)
        if not updated_node.body:
            return anchor
        return cst.FlattenSentinel([anchor, updated_node.with_changes(leading_lines=[])])

    def leave_IndentedBlock(
        self, original_node: cst.IndentedBlock, updated_node: cst.IndentedBlock
    ) -> cst.IndentedBlock:
        if updated_node.body or not original_node.body:
            return updated_node
        return updated_node.with_changes(body=[cst.SimpleStatementLine([cst.Pass()])])

    def leave_SimpleStatementSuite(
        self, original_node: cst.SimpleStatementSuite, updated_node: cst.SimpleStatementSuite
    ) -> cst.SimpleStatementSuite:
        return updated_node if updated_node.body else updated_node.with_changes(body=[cst.Pass()])

    def _without(self, original: Any, updated: Any) -> Any:
        gone = self._unused.get(original)
        if not gone:
            return updated
        kept = [
            alias
            for old, alias in zip(original.names, updated.names, strict=True)
            if bound_name(old) not in gone
        ]
        if not kept:
            return cst.RemoveFromParent()
        kept[-1] = kept[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
        return updated.with_changes(names=kept)


def bound_name(alias: cst.ImportAlias) -> str:
    """The name that an import makes known."""
    if alias.asname is not None and isinstance(alias.asname.name, cst.Name):
        return alias.asname.name.value
    return str(alias.evaluated_name).split(".")[0]


def _unused_imports(plan: Plan) -> dict[cst.CSTNode, set[str]]:
    """Imports of MindSpore and the names of them that the translation uses no more."""
    tree = plan.unit.tree
    replaced = plan.replaced
    left: set[str] = set()
    found: list[tuple[cst.CSTNode, str]] = []

    class Uses(cst.CSTVisitor):
        def visit_Name(self, node: cst.Name) -> None:
            if node not in replaced and not _is_label(tree.parents.get(node), node):
                left.add(node.value)

        def visit_Import(self, node: cst.Import) -> bool:
            found.extend(
                (node, bound_name(alias))
                for alias in node.names
                if is_mindspore(str(alias.evaluated_name))
            )
            return False

        def visit_ImportFrom(self, node: cst.ImportFrom) -> bool:
            if is_mindspore(absolute_module(node, tree)) and not isinstance(
                node.names, cst.ImportStar
            ):
                found.extend((node, bound_name(alias)) for alias in node.names)
            return False

    tree.module.visit(Uses())
    unused: dict[cst.CSTNode, set[str]] = {}
    for node, name in found:
        if name not in left:
            unused.setdefault(node, set()).add(name)
    return unused


def _first_import(plan: Plan) -> cst.CSTNode | None:
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
            if any(map(is_mindspore, names)):
                return line
    return None


def _is_label(parent: cst.CSTNode | None, node: cst.Name) -> bool:
    """Whether a name is only a keyword or the last part of `a.b`."""
    if isinstance(parent, cst.Arg):
        return parent.keyword is node
    return isinstance(parent, cst.Attribute) and parent.attr is node


def _marked(node: Any, remarks: list[str]) -> Any:
    if not hasattr(node, "leading_lines"):
        return node
    there = {line.comment.value for line in node.leading_lines if line.comment is not None}
    new = [
        cst.EmptyLine(comment=cst.Comment(f"{MARK}{' '.join(remark.split())}"))
        for remark in remarks
        if f"{MARK}{' '.join(remark.split())}" not in there
    ]
    return node.with_changes(leading_lines=[*node.leading_lines, *new])


def _with_imports(
    module: cst.Module, modules: list[str], helpers: Collection[Helper]
) -> cst.Module:
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
        body.insert(anchor, _anchor(()))
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


def _anchor(leading_lines: Any) -> cst.SimpleStatementLine:
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
