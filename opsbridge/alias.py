"""Stand-ins: code that imports a framework gets opsbridge's surface of it instead, for a while."""

from __future__ import annotations

import contextlib
import importlib
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any

from opsbridge.errors import OpsbridgeError


class NotCovered(OpsbridgeError):
    """A framework's name that opsbridge does not offer; the message starts with its full name."""


class NotCoveredAttribute(NotCovered, AttributeError):
    """Raised by attribute access."""


class NotCoveredImport(NotCovered, ImportError):
    """Raised by import statements."""


@contextlib.contextmanager
def standing_in(modules: Mapping[str, tuple[str, str]]) -> Iterator[dict[str, ModuleType]]:
    """Let imports of some modules mean others within the block; yield the stand-ins by name.

    modules maps the name of each to a module of opsbridge and the attribute of it that is shown, ''
    for the module itself; what is shown says by `__all__` which names it offers. The real modules
    of the same packages, loaded or not, are set aside untouched and are back after the block. Other
    names of these packages raise NotCoveredImport or NotCoveredAttribute with their full name.
    """
    roots = {name.split(".")[0] for name in modules}
    set_aside = _take_modules(roots)
    finder = _Refuser(roots)
    stand_ins: dict[str, ModuleType] = {name: _StandIn(name, modules) for name in modules}
    sys.modules.update(stand_ins)
    sys.meta_path.insert(0, finder)
    try:
        yield stand_ins
    finally:
        sys.meta_path.remove(finder)
        _take_modules(roots)
        sys.modules.update(set_aside)


def _take_modules(roots: Collection[str]) -> dict[str, ModuleType]:
    """Remove packages and their submodules from sys.modules and return them."""
    names = [name for name in sys.modules if name.split(".")[0] in roots]
    return {name: sys.modules.pop(name) for name in names}


class _StandIn(ModuleType):
    """A module named as a framework's whose names are those of something of opsbridge."""

    def __init__(self, name: str, modules: Mapping[str, tuple[str, str]]) -> None:
        super().__init__(name, f"{name}, as opsbridge offers it.")
        self._modules = modules
        # A path makes it a package: `from mindspore.ops import X` then asks the finder about X.
        self.__path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        full_name = f"{self.__name__}.{name}"
        if full_name in self._modules:
            return sys.modules.get(full_name) or _StandIn(full_name, self._modules)
        source, attribute = self._modules[self.__name__]
        module = importlib.import_module(source)
        shown = getattr(module, attribute) if attribute else module
        if name.startswith(("__", "as_")) or name not in shown.__all__:
            raise NotCoveredAttribute(f"{full_name} is not covered by opsbridge")
        return getattr(shown, name)


class _Refuser(importlib.abc.MetaPathFinder):
    """Refuses to import any part of the packages that has no stand-in."""

    def __init__(self, roots: Collection[str]) -> None:
        self._roots = roots

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname.split(".")[0] in self._roots:
            raise NotCoveredImport(f"{fullname} is not covered by opsbridge", name=fullname)
        return None
