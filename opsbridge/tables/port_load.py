"""Reading the tables of general names (:mod:`opsbridge.tables.port_schema`)."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from opsbridge.errors import TableError
from opsbridge.tables.decode import decode, problems_error
from opsbridge.tables.load import display, is_port_table, read_toml, table_root
from opsbridge.tables.port_schema import PortCase, PortEntry, PortTable


def all_port_tables(root: Path | None = None) -> tuple[Path, ...]:
    """The files of general names, sorted."""
    root = root or table_root()
    return tuple(path for path in sorted(root.glob("*/*.toml")) if is_port_table(path))


@lru_cache(maxsize=64)
def load_port_table(path: Path) -> PortTable:
    """Load one file of general names.

    Raises:
        TableError: naming the file and the place of every problem.
    """
    raw = read_toml(path)
    for key in ("entries", "cases"):
        if isinstance(raw.get(key, []), list):
            raw[key] = [_written_out(each) for each in raw.get(key, [])]
    table = decode(PortTable, raw, display(path))
    if problems := list(_problems(table)):
        raise problems_error(display(path), problems)
    return table


@lru_cache(maxsize=8)
def port_entries(root: Path | None = None) -> Mapping[str, PortEntry]:
    """Full name -> entry, for every name and every other spelling of all tables.

    Raises:
        TableError: a table is not valid, or a name is there twice.
    """
    entries: dict[str, PortEntry] = {}
    for path in all_port_tables(root):
        for entry in load_port_table(path).entries:
            for name in (entry.name, *entry.spellings):
                if name in entries:
                    raise TableError(f"{display(path)}: {name} is in the tables twice")
                entries[name] = entry
    return MappingProxyType(entries)


@lru_cache(maxsize=8)
def port_cases(root: Path | None = None) -> Mapping[str, tuple[PortCase, ...]]:
    """Full name -> the cases in which the hub alone gives the same."""
    cases: dict[str, tuple[PortCase, ...]] = {}
    for path in all_port_tables(root):
        for case in load_port_table(path).cases:
            cases[case.name] = (*cases.get(case.name, ()), case)
    return MappingProxyType(cases)


@lru_cache(maxsize=8)
def module_aliases(root: Path | None = None) -> Mapping[str, str]:
    """Other name of a module -> the name that the tables use."""
    aliases: dict[str, str] = {}
    for path in all_port_tables(root):
        aliases.update(load_port_table(path).aliases)
    return MappingProxyType(aliases)


def canonical_name(name: str, root: Path | None = None) -> str:
    """The full name with its module as the tables call it.

    >>> canonical_name("mindspore.ops.operations.Concat")
    'mindspore.ops.Concat'
    """
    aliases = module_aliases(root)
    head, tail = name, ""
    while head:
        if head in aliases:
            return aliases[head] + tail
        head, _, last = head.rpartition(".")
        tail = f".{last}{tail}"
    return name


def find_port_entry(name: str, root: Path | None = None) -> PortEntry | None:
    """The entry of a full name, in any spelling, or None."""
    entries = port_entries(root)
    return entries.get(name) or entries.get(canonical_name(name, root))


def nearest_names(name: str, root: Path | None = None) -> tuple[str, ...]:
    """Up to three covered names that look like a full name, those of its last part first."""
    wanted = canonical_name(name, root)
    module, _, last = wanted.rpartition(".")
    known = port_entries(root)
    same = [other for other in known if other.rpartition(".")[2].lower() == last.lower()]
    near = difflib.get_close_matches(wanted, [k for k in known if k.startswith(module)])
    return tuple(dict.fromkeys((*same, *near)))[:3]


def _written_out(raw: Any) -> Any:
    """An entry with its short forms of arguments written out as the schema has them."""
    if not isinstance(raw, dict) or not isinstance(raw.get("arguments"), dict):
        return raw
    return {**raw, "arguments": {key: _argument(each) for key, each in raw["arguments"].items()}}


def _argument(raw: Any) -> Any:
    if isinstance(raw, str):
        return {"param": raw}
    if isinstance(raw, dict):
        long = {"from": "param", "as": "convert"}
        return {long.get(key, key): value for key, value in raw.items()}
    return raw


def _problems(table: PortTable) -> Iterator[str]:
    for entry in table.entries:
        names = {param.name for param in entry.params}
        if entry.module != table.module and not entry.name.startswith(f"{table.module}."):
            yield f"{entry.name} is not of the module {table.module}"
        if not entry.torch and not entry.ours:
            yield f"{entry.name} has neither torch nor ours"
        for key, argument in entry.arguments.items():
            if argument.param and argument.param not in names:
                yield f"{entry.name}: arguments.{key} is from {argument.param}, no parameter"
        if len(names) != len(entry.params):
            yield f"{entry.name} has two parameters of one name"
