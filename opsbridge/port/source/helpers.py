"""Functions that a translation writes into a file, from the data of helpers.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path


@dataclass(frozen=True)
class Helper:
    """A function: its name, what it imports, and its source."""

    name: str
    imports: tuple[str, ...]
    source: str
    difference: str = ""
    """What it does in another way than MindSpore."""
    stands_for: str = ""
    """The operator that it is, if it is one: the call's arguments, then the constructor's."""


@lru_cache(maxsize=1)
def all_helpers() -> dict[str, Helper]:
    """Every helper by its name."""
    data = tomllib.loads(Path(__file__).with_name("helpers.toml").read_text("utf-8"))
    helpers = (
        Helper(**{**helper, "imports": tuple(helper["imports"])}) for helper in data["helpers"]
    )
    return {helper.name: helper for helper in helpers}
