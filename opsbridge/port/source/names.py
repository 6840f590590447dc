"""What a name of the source means: aliases of imports, and MindSpore's many spellings of a name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import libcst as cst
from libcst.metadata import ImportAssignment

from opsbridge.port.source.parse import Tree
from opsbridge.tables.load import frameworks_of_the_user


def is_mindspore(name: str) -> bool:
    """Whether a full name lies in the package mindspore."""
    return name == "mindspore" or name.startswith("mindspore.")


def is_ported(name: str) -> bool:
    """Whether a full name lies in a package that is ported: MindSpore, or the user's frameworks.

    Of the latter only the operators are known, by their tables.
    """
    return is_mindspore(name) or name.partition(".")[0] in frameworks_of_the_user()


class Names:
    """The meanings of dotted names in one file."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._imports = _imports(tree.module)
        self._star_modules = [
            module
            for node in self._imports
            if isinstance(node, cst.ImportFrom)
            and isinstance(node.names, cst.ImportStar)
            and (module := absolute_module(node, tree))
        ]
        self.origin: Callable[[str], str] = str
        """What a full name of another file stands for."""

    @property
    def imports_ported(self) -> bool:
        """Whether the file imports a package that is ported, or anything of it."""
        return any(
            is_ported(self.origin(name))
            for node in self._imports
            for name in _imported_names(node, self._tree)
        )

    def full_name(self, node: cst.CSTNode) -> str:
        """The full name that `a.b.c` has by the imports in sight, or ""."""
        parts = dotted(node)
        root = root_name(node)
        scope = self._tree.scopes.get(root) if root is not None else None
        return self._found(scope, parts) if parts and scope is not None else ""

    def of_module(self, parts: Sequence[str]) -> str:
        """The full name that `a.b.c` has for other files, which import `a` from this one."""
        return self._found(self._tree.scopes[self._tree.module], parts)

    def _found(self, scope: Any, parts: Sequence[str]) -> str:
        assignments = scope[parts[0]]
        imports = [each for each in assignments if isinstance(each, ImportAssignment)]
        if imports:
            first = min(imports, key=lambda each: self._tree.start(each.node))
            return self.origin(self._imported(first, parts))
        if not assignments:
            for module in self._star_modules:
                full = self.origin(".".join((module, *parts)))
                if is_ported(full):
                    return full
        return ""

    def is_open(self, name: str, node: cst.CSTNode | None = None) -> bool:
        """Whether nothing in sight of a node, or in the file, says what a name is."""
        scope = self._tree.scopes.get(node or self._tree.module)
        return not name.startswith("__") and (scope is None or not scope[name])

    def assigned(self, node: cst.CSTNode) -> Any:
        """What is assigned to a plain name where it stands (libcst's assignments)."""
        if not isinstance(node, cst.Name):
            return ()
        scope = self._tree.scopes.get(node)
        return () if scope is None else scope[node.value]

    def _imported(self, assignment: ImportAssignment, parts: Sequence[str]) -> str:
        node = assignment.node
        assert isinstance(node, cst.Import | cst.ImportFrom)
        assert not isinstance(node.names, cst.ImportStar)
        alias = next(each for each in node.names if bound_name(each) == parts[0])
        name = str(alias.evaluated_name)
        if isinstance(node, cst.ImportFrom):
            module = absolute_module(node, self._tree)
            return ".".join(filter(None, (module, name, *parts[1:])))
        return ".".join((name, *parts[1:]) if alias.asname else parts)


def dotted(node: cst.CSTNode) -> list[str]:
    """The parts of `a.b.c`; nothing for any other expression."""
    parts: list[str] = []
    while isinstance(node, cst.Attribute):
        parts.append(node.attr.value)
        node = node.value
    return [node.value, *reversed(parts)] if isinstance(node, cst.Name) else []


def root_name(node: cst.CSTNode) -> cst.Name | None:
    """The `a` of `a.b.c`."""
    while isinstance(node, cst.Attribute):
        node = node.value
    return node if isinstance(node, cst.Name) else None


def absolute_module(node: cst.ImportFrom, tree: Tree) -> str:
    """The module that names are imported from; relative ones start at the files' own folder."""
    module = ".".join(dotted(node.module)) if node.module is not None else ""
    if not node.relative:
        return module
    package = tree.place.parts[:-1]
    above = len(node.relative) - 1
    return ".".join((*package[: max(0, len(package) - above)], *([module] if module else [])))


def bound_name(alias: cst.ImportAlias) -> str:
    """The name that an import makes known."""
    return alias.evaluated_alias or str(alias.evaluated_name).partition(".")[0]


def _imports(module: cst.Module) -> list[cst.Import | cst.ImportFrom]:
    found: list[cst.Import | cst.ImportFrom] = []

    class Finder(cst.CSTVisitor):
        def visit_Import(self, node: cst.Import) -> None:
            found.append(node)

        def visit_ImportFrom(self, node: cst.ImportFrom) -> None:
            found.append(node)

    module.visit(Finder())
    return found


def _imported_names(node: cst.Import | cst.ImportFrom, tree: Tree) -> list[str]:
    module = absolute_module(node, tree) if isinstance(node, cst.ImportFrom) else ""
    if isinstance(node.names, cst.ImportStar):
        return [module]
    return [".".join(filter(None, (module, str(alias.evaluated_name)))) for alias in node.names]
