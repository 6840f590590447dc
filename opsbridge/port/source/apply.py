"""A plan carried out on the tree of its file."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

import libcst as cst

from opsbridge.port.source.imports import (
    anchor_line,
    first_import,
    names_to_keep,
    unused_imports,
    with_imports,
    with_names,
)
from opsbridge.port.source.meaning import SURFACE
from opsbridge.port.source.names import bound_name
from opsbridge.port.source.plan import Plan

MARK = "# opsbridge: "


def apply(plan: Plan, removed: Collection[cst.CSTNode]) -> str:
    """Return the source of the file after the edits of its plan.

    `removed` are assignments of operators that nothing uses any more.
    """
    tree = plan.unit.tree
    unused = unused_imports(plan)
    module = tree.module.visit(_Applier(plan, removed, unused))
    code = module.code
    helpers = [helper for name, helper in plan.helpers.items() if re.search(rf"\b{name}\b", code)]
    modules = {name for name in plan.modules if f"{name}." in code}
    modules |= {name for helper in helpers for name in helper.imports}
    to_keep = names_to_keep(plan, unused)
    modules |= {SURFACE} if to_keep else set()
    module = with_imports(module, sorted(modules), helpers)
    return with_names(module, to_keep).code


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
        self._first_import = first_import(plan)

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
            return cst.RemoveFromParent() if original_node in self._unused else updated_node
        return self._without(original_node, updated_node)

    def leave_SimpleStatementLine(
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> Any:
        if original_node is not self._first_import:
            return updated_node
        anchor = anchor_line(updated_node.leading_lines)
        if not updated_node.body:
            return anchor
        return cst.FlattenSentinel([anchor, updated_node.with_changes(leading_lines=[])])

    def _without(self, original: Any, updated: Any) -> Any:
        gone = self._unused.get(original)
        if not gone:
            return updated
        kept = [alias for alias in updated.names if bound_name(alias) not in gone]
        if not kept:
            return cst.RemoveFromParent()
        kept[-1] = kept[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
        return updated.with_changes(names=kept)


def _marked(node: Any, remarks: list[str]) -> Any:
    if isinstance(node, cst.FlattenSentinel):  # what stood behind the first import, on its line
        *before, rest = node
        return cst.FlattenSentinel([*before, _marked(rest, remarks)])
    there = {line.comment.value for line in node.leading_lines if line.comment is not None}
    new = [
        cst.EmptyLine(comment=cst.Comment(f"{MARK}{' '.join(remark.split())}"))
        for remark in remarks
        if f"{MARK}{' '.join(remark.split())}" not in there
    ]
    return node.with_changes(leading_lines=[*node.leading_lines, *new])
