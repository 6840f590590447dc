"""Arguments in the order of a signature: as inspect binds them, or nothing where none fit."""

from __future__ import annotations

import inspect
import itertools
from typing import Any

from opsbridge.tables.arrange import arrangement


def only_position(a: Any, /, b: Any, c: Any = 3, *, d: Any = 4) -> None: ...


def all_required(a: Any, b: Any) -> None: ...


def test_it_agrees_with_inspect() -> None:
    """Whatever is arranged is what inspect binds; keywords of a signature have defaults."""
    for function in (only_position, all_required):
        signature = inspect.signature(function)
        arrange = arrangement(signature)
        names = ["a", "b", "c", "d", "e"]
        fitting = 0
        for given in range(5):
            args = tuple(range(10, 10 + given))
            for count in range(4):
                for chosen in itertools.combinations(names, count):
                    kwargs = {name: f"by {name}" for name in chosen}
                    arranged = arrange(args, kwargs)
                    try:
                        bound = signature.bind(*args, **kwargs)
                    except TypeError:
                        assert arranged is None
                        continue
                    bound.apply_defaults()
                    if arranged is not None:
                        assert arranged == tuple(bound.arguments.values())
                        fitting += 1
        assert fitting >= 3
