"""Stand-ins: code that imports a framework gets opsbridge's surface of it instead, for a while."""

from __future__ import annotations

import contextlib
import importlib
import importlib.abc
import importlib.machinery
import importlib.metadata
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from opsbridge.errors import OpsbridgeError


class NotCovered(OpsbridgeError):
    """A framework's name that opsbridge does not offer; the message starts with its full name."""


class NotCoveredAttribute(NotCovered, AttributeError):
    """Raised by attribute access."""


class NotCoveredImport(NotCovered, ImportError):
    """Raised by import statements."""


def shown_by(modules: Mapping[str, tuple[str, str]]) -> dict[str, ModuleType]:
    """The stand-ins of modules, each for a module of opsbridge and an attribute of it.

    The attribute is '' for the module itself. What is shown offers the names in its `__all__`.
    """
    stand_ins: dict[str, ModuleType] = {}
    stand_ins.update({name: _StandIn(name, modules, stand_ins) for name in modules})
    return stand_ins


def _not_covered(name: str) -> str:
    return f"{name} is not covered by opsbridge"


@contextlib.contextmanager
def standing_in(
    modules: Mapping[str, ModuleType],
    has: Callable[[str], bool] = lambda name: False,
    make: Callable[[str], ModuleType] = ModuleType,
    refuse: Callable[[str], str] = _not_covered,
) -> Iterator[Mapping[str, ModuleType]]:
    """Let imports of some modules mean others within the block; yield these by name.

    The real modules of the same packages, loaded or not, are set aside untouched and are back after
    the block. Other modules of these packages are made when they are imported, if there are such,
    and else raise NotCoveredImport with the sentence that `refuse` gives.
    """
    roots = {name.split(".")[0] for name in modules}
    set_aside = _take_modules(roots)
    finder = _Finder(roots, has, make, refuse)
    for name, module in modules.items():
        # Code asks whether a package is there with importlib.util.find_spec, which needs this.
        module.__spec__ = importlib.machinery.ModuleSpec(name, finder, is_package=True)
    sys.modules.update(modules)
    sys.meta_path.insert(0, finder)
    try:
        yield modules
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

    def __init__(
        self,
        name: str,
        modules: Mapping[str, tuple[str, str]],
        stand_ins: Mapping[str, ModuleType],
    ) -> None:
        super().__init__(name, f"{name}, as opsbridge offers it.")
        self._modules, self._stand_ins = modules, stand_ins
        # A path makes it a package: `from torch.x import y` then asks the finder about y.
        self.__path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        full_name = f"{self.__name__}.{name}"
        if full_name in self._stand_ins:
            return self._stand_ins[full_name]
        source, attribute = self._modules[self.__name__]
        module = importlib.import_module(source)
        shown = getattr(module, attribute) if attribute else module
        if name.startswith(("__", "as_")) or name not in shown.__all__:
            raise NotCoveredAttribute(_not_covered(full_name))
        return getattr(shown, name)


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Makes or refuses the parts of packages that have no stand-in yet."""

    def __init__(
        self,
        roots: Collection[str],
        has: Callable[[str], bool],
        make: Callable[[str], ModuleType],
        refuse: Callable[[str], str],
    ) -> None:
        self._roots, self._has, self._make, self._refuse = roots, has, make, refuse

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname.split(".")[0] not in self._roots:
            return None
        if self._has(fullname):
            return importlib.machinery.ModuleSpec(fullname, self, is_package=True)
        raise NotCoveredImport(self._refuse(fullname), name=fullname)

    def find_distributions(
        self, context: importlib.metadata.DistributionFinder.Context
    ) -> Iterable[importlib.metadata.Distribution]:
        """What importlib.metadata says of a package: the version of its stand-in."""
        name = context.name or ""
        version = getattr(sys.modules.get(name), "__version__", None)
        return [_StandInMetadata(name, version)] if name in self._roots and version else []

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return self._make(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing is left to do."""


class _StandInMetadata(importlib.metadata.Distribution):
    """The name and the version of a stand-in."""

    def __init__(self, name: str, version: str) -> None:
        self._text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"

    def read_text(self, filename: str) -> str | None:
        return self._text if filename == "METADATA" else None

    def locate_file(self, path: Any) -> Path:
        return Path(path)
