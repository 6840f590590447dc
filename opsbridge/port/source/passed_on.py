"""Names of MindSpore that files import from one another: `from .compat import mint`."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from opsbridge.port.source.meaning import surface_of
from opsbridge.port.source.names import Names


class PassedOn:
    """Finds what a name of another file is, where that file has it from MindSpore."""

    def __init__(self, files: Mapping[Path, Names | None]) -> None:
        """Take all files; those without names have nothing to do with MindSpore."""
        self._modules = _Modules(files)
        self._files = files
        self._known: dict[str, str] = {}
        self._asked: set[Path] = set()

    def origin(self, full: str) -> str:
        """The name of MindSpore's that a full name stands for; any other name as it is."""
        if full not in self._known:
            self._known[full] = self._found(full)
        return self._known[full]

    def _found(self, full: str) -> str:
        parts = tuple(full.split("."))
        if self._modules.named(parts):
            return full
        for cut in range(len(parts) - 1, 0, -1):
            if owners := self._modules.named(parts[:cut]):
                found = {self._passed_on(owner, parts[cut:]) for owner in owners}
                # Files of one name that pass on different things leave open what is meant.
                return (found.pop() if len(found) == 1 else "") or full
        return full

    def _passed_on(self, owner: Path, parts: tuple[str, ...]) -> str:
        names = self._files[owner]
        if names is None or owner in self._asked:  # files may import one another in a circle
            return ""
        self._asked.add(owner)
        full = names.of_module(parts)
        self._asked.remove(owner)
        return full if surface_of(full) else ""


def asked_names(texts: Mapping[Path, str]) -> dict[Path, set[str]]:
    """The names that other files import from each file, and those of its own `__all__`."""
    modules = _Modules(texts)
    asked: dict[Path, set[str]] = {path: set() for path in texts}
    for path, text in texts.items():
        for node in _nodes(text):
            if isinstance(node, ast.ImportFrom):
                for owner in modules.named(_module_of(node, path)):
                    asked[owner] |= {alias.name for alias in node.names}
            elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
                constants = (
                    each for each in ast.walk(node.value) if isinstance(each, ast.Constant)
                )
                asked[path] |= {str(each.value) for each in constants}
    return asked


def _module_of(node: ast.ImportFrom, path: Path) -> tuple[str, ...]:
    module = node.module.split(".") if node.module else ()
    if not node.level:
        return tuple(module)
    folder = path.absolute().parts[: -node.level]
    return (*folder, *module) if folder else ()


def _nodes(text: str) -> Iterator[ast.AST]:
    try:
        return ast.walk(ast.parse(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return iter(())  # whoever translates the file says what is wrong with it


class _Modules:
    """Files by the names that imports may give them: their path ends with it."""

    def __init__(self, files: Mapping[Path, object]) -> None:
        self._by_last: dict[str, list[tuple[tuple[str, ...], Path]]] = defaultdict(list)
        for path in files:
            parts = path.absolute().with_suffix("").parts
            own = parts[:-1] if parts[-1] == "__init__" else parts
            self._by_last[own[-1]].append((own, path))

    def named(self, module: tuple[str, ...]) -> list[Path]:
        """The files that a module's name may mean."""
        if not module:
            return []
        candidates = self._by_last.get(module[-1], ())
        return [path for own, path in candidates if own[-len(module) :] == module]
