"""What the tables know of a name of MindSpore, or of an operator of the user's frameworks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from opsbridge.port.source.names import is_mindspore
from opsbridge.tables.load import all_api_names, load_api, table_folders
from opsbridge.tables.port_load import (
    all_port_tables,
    canonical_name,
    find_port_entry,
    load_port_table,
    nearest_names,
    port_entries,
)
from opsbridge.tables.port_schema import PortEntry, PortForm, PortParam

SURFACE = "opsbridge.mindspore"
"""The MindSpore-shaped surface that offers every name of the tables under the same path."""

TENSOR, PARAMETER, CELL = "mindspore.Tensor", "mindspore.Parameter", "mindspore.nn.Cell"
SEQUENTIAL = "mindspore.nn.SequentialCell"
PLAIN_CLASSES = {
    TENSOR: "torch.Tensor",
    PARAMETER: "torch.nn.Parameter",
    CELL: "torch.nn.Module",
    "mindspore.nn.CellList": "torch.nn.ModuleList",
    SEQUENTIAL: "torch.nn.Sequential",
}
"""What the classes that all code is built on are in PyTorch."""


@dataclass(frozen=True)
class Meaning:
    """A name of the tables; operators of the kernel core have no call in PyTorch's API."""

    name: str
    entry: PortEntry

    @property
    def surface_name(self) -> str:
        """The name of the same thing on opsbridge's surface."""
        if not is_mindspore(self.name):
            return f"opsbridge.{self.name}"
        path = self.name.removeprefix("mindspore").replace(".common.", ".", 1)
        return f"{SURFACE}{path}"

    @property
    def surface_module(self) -> str:
        """The module to import for it."""
        return SURFACE if is_mindspore(self.name) else self.surface_name.rpartition(".")[0]


@lru_cache(maxsize=4096)
def meaning_of(name: str) -> Meaning | None:
    """What a full MindSpore name stands for, in any spelling; None if no table has it."""
    canonical = canonical_name(name)
    entry = find_port_entry(name)
    if entry is not None:
        return Meaning(entry.name, entry)
    has_table = canonical in _api_names(table_folders())
    return Meaning(canonical, _of_api(canonical)) if has_table else None


@lru_cache(maxsize=64)
def methods_of(owner: str) -> dict[str, PortEntry]:
    """Methods and properties of a class of the tables, by their plain names."""
    prefix = f"{owner}."
    return {
        entry.last: entry
        for name, entry in port_entries().items()
        if name.startswith(prefix) and "." not in name.removeprefix(prefix)
    }


def surface_of(name: str) -> str:
    """What stands for a full name on the surface, modules included; "" if nothing does."""
    if meaning := meaning_of(name):
        return meaning.surface_name
    canonical = canonical_name(name)
    return f"{SURFACE}{canonical.removeprefix('mindspore')}" if canonical in _modules() else ""


@lru_cache(maxsize=1)
def _modules() -> frozenset[str]:
    """The modules of MindSpore that have names of the tables."""
    names = {entry.module for entry in port_entries().values()} - {TENSOR, CELL, PARAMETER}
    return frozenset(name for name in names if is_mindspore(name))


def is_placeholder(name: str) -> bool:
    """Whether the surface has a name only to be imported: using it fails."""
    return any(
        f"{each}.".startswith(f"{module}.")
        for each in (name, canonical_name(name))
        for module in _placeholders()
    )


@lru_cache(maxsize=1)
def _placeholders() -> frozenset[str]:
    tables = (load_port_table(path) for path in all_port_tables())
    return frozenset(name for table in tables for name in (*table.placeholders, *table.uncovered))


def advice(name: str) -> str:
    """What may help with a name that no table has."""
    if not is_mindspore(name):
        return "add a table of it to the folder of its framework"
    near = nearest_names(name)
    return f"the tables have {', '.join(near)}" if near else "add an entry to mappings/mindspore"


@lru_cache(maxsize=1)
def _api_names(folders: tuple[Path, ...]) -> frozenset[str]:
    return frozenset(all_api_names())


def _of_api(name: str) -> PortEntry:
    """An operator of the kernel core as an entry: its parameters, and no call of PyTorch."""
    table = load_api(name)
    params = tuple(
        PortParam(
            each.name,
            each.stage,
            default=each.default,
            optional=not each.required and each.default is None,
        )
        for each in table.params
    )
    form: PortForm = "primitive" if table.form == "class" else "function"
    return PortEntry(name, form, ours=name.removeprefix("mindspore."), params=params)
