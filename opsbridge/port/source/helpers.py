"""Functions that a translation writes into a file, from the data of helpers*.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Helper:
    """A function: its name, what it imports, and its source."""

    name: str
    imports: tuple[str, ...]
    source: str
    difference: str = ""
    """What it does in another way than MindSpore."""
    stands_for: tuple[str, ...] = ()
    """The names that it is, if it is some: the call's arguments, then the constructor's."""
    lacks: frozenset[str] = frozenset()
    """Members of MindSpore's layer that opsbridge's has, and this one lacks or means otherwise."""


@lru_cache(maxsize=1)
def all_helpers() -> dict[str, Helper]:
    """Every helper by its name."""
    files = sorted(Path(__file__).parent.glob("helpers*.toml"))
    tables = (tomllib.loads(path.read_text("utf-8")) for path in files)
    helpers = (_decoded(raw) for table in tables for raw in table["helpers"])
    return {helper.name: helper for helper in helpers}


@lru_cache(maxsize=1)
def written_helpers() -> Mapping[str, Helper]:
    """Every name that a written function is, and that function."""
    return {name: helper for helper in all_helpers().values() for name in helper.stands_for}


def _decoded(raw: Mapping[str, Any]) -> Helper:
    names = raw.get("stands_for", ())
    stands_for = (names,) if isinstance(names, str) else tuple(names)
    lists = {"imports": tuple(raw["imports"]), "lacks": frozenset(raw.get("lacks", ()))}
    return Helper(**{**raw, **lists, "stands_for": stands_for})
