"""What is to become of every conversion point of a file, decided before anything is changed."""

from __future__ import annotations

from dataclasses import dataclass, field

import libcst as cst

from opsbridge.port.source.helpers import Helper
from opsbridge.port.source.names import root_name
from opsbridge.port.source.project import ClassInfo, SourceUnit
from opsbridge.port.source.result import Outcome, Point
from opsbridge.port.source.write import Edit


@dataclass
class Plan:
    """All that is decided of one file."""

    unit: SourceUnit
    edits: dict[cst.CSTNode, Edit] = field(default_factory=dict)
    points: list[Point] = field(default_factory=list)
    replaced: set[cst.CSTNode] = field(default_factory=set)
    """Roots of names that the translation has no more."""
    inlined: dict[cst.CSTNode, tuple[ClassInfo, str]] = field(default_factory=dict)
    """`self.x` whose call became a call of PyTorch."""
    marks: dict[cst.CSTNode, list[str]] = field(default_factory=dict)
    """Statements and the remarks that are to stand above them."""
    modules: set[str] = field(default_factory=set)
    """What the translation imports."""
    constructors: dict[cst.CSTNode, Point] = field(default_factory=dict)
    """Constructors of operators that stay objects, unless nothing uses them in the end."""
    helpers: dict[str, Helper] = field(default_factory=dict)
    """Functions that it needs beside."""
    done: set[cst.CSTNode] = field(default_factory=set)
    """Nodes that were decided together with another one."""

    def record(
        self,
        node: cst.CSTNode,
        full: str,
        outcome: Outcome,
        *,
        became: str = "",
        reason: str = "",
        suggestion: str = "",
    ) -> None:
        """Write down what becomes of a conversion point."""
        line, column = self.unit.tree.line(node), self.unit.tree.column(node)
        self.points.append(Point(line, column, full, outcome, became, reason, suggestion))

    def mark(self, node: cst.CSTNode, remark: str) -> None:
        """Let a remark stand above the statement of a node."""
        around = (node, *self.unit.tree.ancestors(node))
        statement = cst.SimpleStatementLine | cst.BaseCompoundStatement
        remarks = self.marks.setdefault(next(a for a in around if isinstance(a, statement)), [])
        if remark not in remarks:
            remarks.append(remark)

    def forget(self, function: cst.BaseExpression) -> None:
        """Note that a name is written no more."""
        self.done.add(function)
        self.replace(function)

    def replace(self, node: cst.BaseExpression) -> None:
        """Note that something else stands where a name was."""
        root = root_name(node)
        assert root is not None
        self.replaced.add(root)
        self.done.add(root)
        while isinstance(node, cst.Attribute):
            self.done.add(node)
            node = node.value

    def import_for(self, function: str) -> None:
        """Import the library that a function is of."""
        root = function.split(".")[0]
        if root in ("torch", "torchvision"):
            self.modules.add(root)
