"""Mutants of the mapping tables: one datum of a table is another one that its schema allows.

The structs of the schema say what a datum may be. Texts for people (sentences, links, evidence,
examples) are none of the conventions and stay as they are.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from functools import partial
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import tomlkit
from mutant import ROOT, Mutant

from opsbridge.tables import port_schema, schema

Path = tuple[str | int, ...]
FOR_PEOPLE = (schema.Text, schema.Evidence, port_schema.PortDifference)
# Fields that say where a datum is from or how it is shown, whatever their type.
SHOWN = {"source", "example", "framework_name", "documentation", "versions", "since", "until"}
# Fields that tables write in another way.
WRITTEN = {"from": "param", "as": "convert"}
_ABSENT = object()
Axes = dict[str, list[Any]]


def table_mutants(file: str) -> Iterator[Mutant]:
    """All mutants of a table."""
    data = tomlkit.parse((ROOT / file).read_text(encoding="utf-8")).unwrap()
    for field, path, value in _changes(_struct(data), data, (), "", _axes(data)):
        yield Mutant(file, field, partial(_with_value, path, value))


def _struct(data: dict[str, Any]) -> Any:
    if "module" in data:
        return port_schema.PortTable
    return schema.ApiTable if "core" in data else schema.CoreTable


def _axes(data: dict[str, Any]) -> Axes:
    """The values of the behaviour axes of an operator, from its core table."""
    if "core" in data:
        data = tomlkit.parse((ROOT / f"mappings/core/{data['core']}.toml").read_text("utf-8"))
    return {
        axis["name"]: [value["value"] for value in axis["values"]] for axis in data.get("axes", ())
    }


def _changes(
    hint: Any, value: Any, path: Path, field: str, axes: Axes
) -> Iterator[tuple[str, Path, Any]]:
    """Name of the field, path and new value of everything that may change below a place."""
    if hint in FOR_PEOPLE:
        return
    if dataclasses.is_dataclass(hint) and isinstance(value, dict):
        hints = get_type_hints(hint)
        for name in (each for each in value if each not in SHOWN):
            yield from _changes(
                hints[WRITTEN.get(name, name)],
                value[name],
                (*path, name),
                f"{hint.__name__}.{name}",
                axes,
            )
        return
    for new in _others(hint, value, path, axes):
        yield field, path, new
    if isinstance(value, dict):
        item = next((get_args(h)[1] for h in _choices(hint) if get_origin(h) is dict), Any)
        for key in value:
            yield field, (*path, key), _ABSENT
            yield from _changes(item, value[key], (*path, key), field, axes)
    elif isinstance(value, list):
        item = next((get_args(h)[0] for h in _choices(hint) if get_origin(h) is tuple), Any)
        for place, each in enumerate(value):
            yield from _changes(item, each, (*path, place), field, axes)


def _choices(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) or () if _is_union(hint) else (hint,)


def _is_union(hint: Any) -> bool:
    return get_origin(hint) not in (None, dict, tuple, Literal)


def _others(hint: Any, value: Any, path: Path, axes: Axes) -> Iterator[Any]:
    """Other values for a place."""
    if isinstance(value, list):
        if not any(isinstance(each, dict) for each in value):
            yield from _other_lists(value)
    elif path[-1] in axes and path[-2] in ("set", "base", "only_when"):
        yield from (each for each in axes[str(path[-1])] if each != value)
    elif get_origin(hint) is Literal:
        yield from (each for each in get_args(hint) if each != value)
    elif isinstance(value, bool):
        yield not value
    elif isinstance(value, int | float):
        yield value + 1
        if NoneType in get_args(hint):
            yield _ABSENT
    elif isinstance(value, str) and value:
        yield f"{value}_"


def _other_lists(value: list[Any]) -> Iterator[list[Any]]:
    if value:
        yield value[:-1]
    if len(value) > 1 and value[0] != value[-1]:
        yield [value[-1], *value[1:-1], value[0]]


def _with_value(path: Path, value: Any, text: str) -> str:
    document = tomlkit.parse(text)
    place: Any = document
    for step in path[:-1]:
        place = place[step]
    if value is _ABSENT:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return tomlkit.dumps(document)
