"""Which names a statement reads, binds and touches: what the backward slice is made from."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass

# A walk takes three calls a level, and Python allows 1,000 unless somebody changes that.
_MOST_LEVELS = 200


def parse(source: str) -> list[ast.stmt]:
    """Return the statements of a source that `names_of` can walk, whatever Python's limits are.

    Raises:
        SyntaxError, ValueError, MemoryError: it is no Python.
        RecursionError: it is nested too deeply.
    """
    body = ast.parse(source).body
    level: list[ast.AST] = list(body)
    for _ in range(_MOST_LEVELS):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return body
    raise RecursionError(f"more than {_MOST_LEVELS} levels of nested code")


@dataclass(frozen=True)
class Names:
    """The names of one statement, seen from the level at which it stands."""

    reads: frozenset[str]
    """Read before the statement itself binds them; functions count as if called."""
    binds: frozenset[str]
    """Bound whenever the statement completes."""
    maybe: frozenset[str]
    """Bound on some path only (loops, branches, handlers)."""
    touches: frozenset[str]
    """Not bound, but perhaps changed: `x[0] = 1`, `x.append(1)`, `seed(x)`."""
    imports_all: bool
    """A star import: may bind anything."""


def names_of(node: ast.stmt) -> Names:
    """Return the names that a top-level statement reads, binds and touches."""
    walker = _Walker()
    walker.visit(node)
    touches = set(walker.changed)
    if isinstance(node, ast.Expr) and not is_print(node):
        touches |= walker.reads
    return Names(
        reads=frozenset(walker.reads),
        binds=frozenset(walker.bound),
        maybe=frozenset(walker.maybe - walker.bound),
        touches=frozenset(touches - walker.bound),
        imports_all=walker.imports_all,
    )


def is_print(node: ast.AST) -> bool:
    """Whether a statement is a bare `print(...)`."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Name)
        and node.value.func.id == "print"
    )


class _Walker(ast.NodeVisitor):
    """Walks in the order of evaluation, so that a name bound first is no read."""

    def __init__(self) -> None:
        self.reads: set[str] = set()
        self.bound: set[str] = set()
        self.maybe: set[str] = set()
        self.changed: set[str] = set()
        self.imports_all = False

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            self.bound.add(node.id)
        else:
            self._read(node.id)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self._change(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        self._change(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        self._visit_all(node.targets)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.visit(node.annotation)
        if node.value is not None:
            self.visit(node.value)
            self.visit(node.target)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.visit(node.value)
        if isinstance(node.target, ast.Name):
            self._read(node.target.id)
        self.visit(node.target)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        self.visit(node.target)

    def visit_Import(self, node: ast.Import) -> None:
        self.bound |= {alias.asname or alias.name.split(".")[0] for alias in node.names}

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            if alias.name == "*":
                self.imports_all = True
            else:
                self.bound.add(alias.asname or alias.name)

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.visit(node.iter)
        self._branch([node.target, *node.body])
        self._branch(node.orelse)

    visit_AsyncFor = visit_For

    def visit_While(self, node: ast.While) -> None:
        self.visit(node.test)
        self._branch(node.body)
        self._branch(node.orelse)

    def visit_If(self, node: ast.If) -> None:
        self.visit(node.test)
        always = self._branch(node.body) & self._branch(node.orelse)
        self.bound |= always

    def visit_Try(self, node: ast.Try | ast.TryStar) -> None:
        self._branch([*node.body, *node.orelse])
        for handler in node.handlers:
            self._branch([handler])
        self._visit_all(node.finalbody)

    visit_TryStar = visit_Try

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.type is not None:
            self.visit(node.type)
        if node.name:
            self.bound.add(node.name)
        self._visit_all(node.body)

    def visit_Match(self, node: ast.Match) -> None:
        self.visit(node.subject)
        for case in node.cases:
            self._branch([case])

    def visit_MatchAs(self, node: ast.MatchAs) -> None:
        self.generic_visit(node)
        if node.name:
            self.bound.add(node.name)

    def visit_MatchStar(self, node: ast.MatchStar) -> None:
        if node.name:
            self.bound.add(node.name)

    def visit_ListComp(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> None:
        self._comprehension(node.generators, [node.elt])

    visit_SetComp = visit_ListComp
    visit_GeneratorExp = visit_ListComp

    def visit_DictComp(self, node: ast.DictComp) -> None:
        self._comprehension(node.generators, [node.key, node.value])

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._function(node.args, [node.body])

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._visit_all(node.decorator_list)
        if node.returns is not None:
            self.visit(node.returns)
        self.bound.add(node.name)
        self._function(node.args, node.body)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._visit_all([*node.decorator_list, *node.bases, *node.keywords])
        inner = _Walker()
        inner._visit_all(node.body)
        self.bound.add(node.name)
        self._read_all(inner.reads)

    def _read(self, name: str) -> None:
        if name not in self.bound:
            self.reads.add(name)

    def _read_all(self, names: Iterable[str]) -> None:
        for name in names:
            self._read(name)

    def _visit_all(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            self.visit(node)

    def _change(self, node: ast.Attribute | ast.Subscript) -> None:
        self.generic_visit(node)
        if isinstance(node.ctx, ast.Load):
            return
        root: ast.expr = node
        while isinstance(root, ast.Attribute | ast.Subscript):
            root = root.value
        if isinstance(root, ast.Name):
            self.changed.add(root.id)

    def _branch(self, nodes: Iterable[ast.AST]) -> set[str]:
        """Visit code that may not run; return what it binds if it does."""
        before = set(self.bound)
        self._visit_all(nodes)
        found = self.bound - before
        self.maybe |= found
        self.bound = before
        return found

    def _comprehension(self, generators: list[ast.comprehension], parts: list[ast.expr]) -> None:
        before = set(self.bound)
        for generator in generators:
            self.visit(generator.iter)
            self.visit(generator.target)
            self._visit_all(generator.ifs)
        self._visit_all(parts)
        walrus = {
            named.target.id
            for part in parts
            for named in ast.walk(part)
            if isinstance(named, ast.NamedExpr)
        }
        self.bound = before | walrus

    def _function(self, arguments: ast.arguments, body: Iterable[ast.AST]) -> None:
        defaults = [*arguments.defaults, *(d for d in arguments.kw_defaults if d is not None)]
        self._visit_all(defaults)
        inner = _Walker()
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        every += [extra for extra in (arguments.vararg, arguments.kwarg) if extra is not None]
        for argument in every:
            if argument.annotation is not None:
                self.visit(argument.annotation)
        inner._visit_all(body)
        local = {argument.arg for argument in every} | inner.bound | inner.maybe
        declared = {
            name
            for part in body
            for inside in ast.walk(part)
            if isinstance(inside, ast.Global)
            for name in inside.names
        }
        self._read_all(inner.reads - (local - declared))
