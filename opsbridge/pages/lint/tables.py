"""What the mapping tables know about the APIs of a page; a page of other APIs has no facts here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from opsbridge.pages.model import Api
from opsbridge.tables.diff import differences
from opsbridge.tables.load import all_api_names, load_api, load_core
from opsbridge.tables.schema import ApiTable


def tables_of(apis: Iterable[Api]) -> list[ApiTable]:
    """Return the mapping tables of the APIs that have one."""
    known = all_api_names()
    return [load_api(api.name) for api in apis if api.name in known]


def known_shapes(apis: Iterable[Api]) -> Iterator[tuple[str, str, tuple[int | str, ...]]]:
    """Yield API, parameter and shape of every tensor whose shape the tables know."""
    for table in tables_of(apis):
        for param in table.params:
            if param.shape:
                yield table.name, param.name, param.shape


def equal_defaults(left: Sequence[Api], right: Sequence[Api], pair: tuple[str, str]) -> bool:
    """Whether the tables know that two defaults mean the same although they are written otherwise.

    False where one of the APIs has no table.
    """
    for before in tables_of(left):
        for after in tables_of(right):
            if before.core != after.core:
                continue
            found = [
                item
                for item in differences(before, after, load_core(before.core))
                if item.part == "parameter" and (item.left, item.right) == pair
            ]
            return bool(found) and all(item.code != "default-differs" for item in found)
    return False
