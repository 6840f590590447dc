"""What is computed from tables once, for all pages and both languages that show it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

Given = ParamSpec("Given")
Result = TypeVar("Result")


def remembered(function: Callable[Given, Result]) -> Callable[Given, Result]:
    """The function with its results kept by which tables came, not by what is in them.

    Tables are read once and never changed, but they hold dictionaries, which have no hash. A kept
    argument stays alive, so that no other one has its identity.
    """
    kept: dict[tuple[int, ...], tuple[tuple[object, ...], Result]] = {}

    @functools.wraps(function)
    def looked_up(*given: Given.args, **named: Given.kwargs) -> Result:
        arguments = (*given, *named.values())
        key = tuple(map(id, arguments))
        if key not in kept:
            kept[key] = arguments, function(*given, **named)
        return kept[key][1]

    return looked_up
