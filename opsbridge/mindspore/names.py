"""What a full name of MindSpore means here: the tables say it, nothing else."""

from __future__ import annotations

import importlib
from functools import cache, lru_cache
from types import ModuleType
from typing import Any, NoReturn

from opsbridge.alias import NotCoveredAttribute
from opsbridge.tables.port_load import (
    all_port_tables,
    canonical_name,
    find_port_entry,
    load_port_table,
    module_aliases,
    nearest_names,
    port_entries,
)
from opsbridge.tables.port_schema import PortEntry

_CORE = "mindspore.ops"


@lru_cache(maxsize=1)
def module_names() -> frozenset[str]:
    """The names of all modules that have covered names, other names of them included."""
    names = {"mindspore", _CORE, *module_aliases(), *placeholder_modules()}
    names |= {entry.rpartition(".")[0] for entry in port_entries()}
    names.discard("mindspore.Tensor")
    return frozenset(names | {name.rpartition(".")[0] for name in names if "." in name})


@lru_cache(maxsize=1)
def uncovered_names() -> frozenset[str]:
    """Names of MindSpore that can be imported, and fail when they are used."""
    tables = (load_port_table(path) for path in all_port_tables())
    return frozenset(name for table in tables for name in table.uncovered)


@lru_cache(maxsize=1)
def placeholder_modules() -> frozenset[str]:
    """Modules whose names can be imported, and fail when they are used."""
    tables = (load_port_table(path) for path in all_port_tables())
    return frozenset(name for table in tables for name in table.placeholders)


def is_placeholder(name: str) -> bool:
    """Whether a full name is one that only fails when it is used, or in a module of such."""
    inside = placeholder_modules() | uncovered_names()
    return any(
        ".".join(parts[:end]) in inside
        for parts in (name.split("."), canonical_name(name).split("."))
        for end in range(2, len(parts) + 1)
    )


def look_up(name: str) -> Any:
    """Return what a full name, such as ``mindspore.ops.Concat``, means here.

    Raises:
        NotCoveredAttribute: nothing; the message names the nearest covered names.
    """
    entry = find_port_entry(name)
    if entry is not None:
        return _made(entry.name)
    canonical = canonical_name(name)
    module, _, last = canonical.rpartition(".")
    if module == _CORE:
        ops = importlib.import_module("opsbridge.mindspore.ops")
        if last in ops.CORE_OPERATORS:
            return getattr(ops, last)
    if name in module_names():
        return module_of(name)
    if is_placeholder(name):
        return Placeholder(name)
    refuse(name)


def refuse(name: str) -> NoReturn:
    """Raise NotCoveredAttribute for a full name."""
    raise NotCoveredAttribute(not_covered(name))


def not_covered(name: str) -> str:
    """The sentence that says that a name is not covered, and what to do."""
    near = ", ".join(nearest_names(name)) or "none"
    return (
        f"{name} is not covered by opsbridge; nearest covered names: {near}. An entry in"
        " mappings/mindspore/*.toml adds a name: mappings/README.md says how"
    )


@cache
def _made(name: str) -> Any:
    entry: PortEntry = port_entries()[name]
    if entry.form == "layer" and not entry.ours:
        nn = importlib.import_module("opsbridge.mindspore.nn")
        layers = importlib.import_module("opsbridge.mindspore.nn.layers")
        is_of_nn = entry.module == nn.MODULE
        return getattr(nn, entry.last) if is_of_nn else layers.layer_class(entry)
    calls = importlib.import_module("opsbridge.mindspore.calls")
    if entry.form == "primitive":
        # Inner state, such as a generator's, makes a class of its own.
        hub = calls.hub_of(entry) if entry.ours else None
        return hub if isinstance(hub, type) else calls.make_primitive(entry)
    if entry.form in ("function", "method") and (entry.arguments or not entry.is_whole):
        return calls.make_function(entry)
    return calls.hub_of(entry)


@cache
def module_of(name: str) -> SurfaceModule:
    """The module of this name; there is one of each."""
    return SurfaceModule(name)


class SurfaceModule(ModuleType):
    """A module named as MindSpore's, whose names the tables give."""

    def __init__(self, name: str) -> None:
        super().__init__(name, f"{name}, as opsbridge offers it.")
        # A path makes it a package: `from mindspore.ops import X` then asks the finder about X.
        self.__path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":
            return dir(self)
        if name.startswith("__") and name != "__version__":
            raise AttributeError(name)
        value = look_up(f"{self.__name__}.{name}")
        if not isinstance(value, SurfaceModule | Placeholder):
            self.__dict__[name] = value
        return value

    def __dir__(self) -> list[str]:
        modules = {self.__name__, canonical_name(self.__name__)}
        inside = (each.rpartition(".") for each in port_entries())
        names = {last for module, _, last in inside if module in modules}
        if _CORE in modules:
            names |= set(importlib.import_module("opsbridge.mindspore.ops").CORE_OPERATORS)
        return sorted(names)


class Placeholder:
    """A name that can be imported and passed on; using it says that it is not covered."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        refuse(self._name)

    def __getattr__(self, name: str) -> Placeholder:
        if name.startswith("__"):
            raise AttributeError(name)
        return Placeholder(f"{self._name}.{name}")

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        name = self._name

        class Unusable:
            """A base that is not covered: its children can be defined, not made."""

            def __init__(self, *args: Any, **kwargs: Any) -> None:
                refuse(name)

        return (Unusable,)

    def __repr__(self) -> str:
        return f"<{self._name}, not covered by opsbridge>"
