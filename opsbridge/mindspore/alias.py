"""`as_mindspore()`: code that imports mindspore gets opsbridge.mindspore instead, for a while."""

from __future__ import annotations

import contextlib
import importlib
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any

from opsbridge.errors import OpsbridgeError

_ROOT = "mindspore"
# Alias names, and what they show; '' is opsbridge.mindspore itself.
_MODULES = {
    "mindspore": "",
    "mindspore.ops": "ops",
    "mindspore.dtype": "dtype",
    "mindspore.common": "",
    "mindspore.common.dtype": "dtype",
}


class NotCovered(OpsbridgeError):
    """A MindSpore name that opsbridge does not offer; the message starts with its full name."""


class NotCoveredAttribute(NotCovered, AttributeError):
    """Raised by attribute access."""


class NotCoveredImport(NotCovered, ImportError):
    """Raised by import statements."""


@contextlib.contextmanager
def as_mindspore() -> Iterator[ModuleType]:
    """Let `import mindspore` mean opsbridge.mindspore within the block.

    A real MindSpore, loaded or not, is set aside untouched and is back after the block. Names that
    opsbridge does not cover raise NotCoveredImport or NotCoveredAttribute with their full name.

    Example:
        >>> with as_mindspore():
        ...     from mindspore import ops
        ...     print(ops.__name__)
        mindspore.ops
    """
    set_aside = _take_modules()
    finder = _Refuser()
    stand_ins = {name: _StandIn(name, target) for name, target in _MODULES.items()}
    sys.modules.update(stand_ins)
    sys.meta_path.insert(0, finder)
    try:
        yield stand_ins[_ROOT]
    finally:
        sys.meta_path.remove(finder)
        _take_modules()
        sys.modules.update(set_aside)


def _take_modules() -> dict[str, ModuleType]:
    """Remove mindspore and its submodules from sys.modules and return them."""
    names = [name for name in sys.modules if name == _ROOT or name.startswith(_ROOT + ".")]
    return {name: sys.modules.pop(name) for name in names}


class _StandIn(ModuleType):
    """A module named as MindSpore's whose names are those of an opsbridge module."""

    def __init__(self, name: str, target: str) -> None:
        super().__init__(name, f"{name}, as opsbridge offers it.")
        self._target = target
        # A path makes it a package: `from mindspore.ops import X` then asks the finder about X.
        self.__path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        full_name = f"{self.__name__}.{name}"
        if full_name in _MODULES:
            return sys.modules.get(full_name) or _StandIn(full_name, _MODULES[full_name])
        source = importlib.import_module("opsbridge.mindspore")
        shown = getattr(source, self._target) if self._target else source
        if name.startswith("__") or name not in shown.__all__ or name == as_mindspore.__name__:
            raise NotCoveredAttribute(f"{full_name} is not covered by opsbridge")
        return getattr(shown, name)


class _Refuser(importlib.abc.MetaPathFinder):
    """Refuses to import any part of MindSpore that has no stand-in."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname.startswith(_ROOT + "."):
            raise NotCoveredImport(f"{fullname} is not covered by opsbridge", name=fullname)
        return None
