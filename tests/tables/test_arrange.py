"""Arguments in the order of a signature: as inspect binds them, or nothing where none fit."""

from __future__ import annotations

import inspect
import itertools
from typing import Any

from opsbridge.tables.arrange import arrangement


def only_position(a: Any, /, b: Any, c: Any = 3, *, d: Any = 4) -> None: ...


def all_required(a: Any, b: Any) -> None: ...


def nothing_required(a: Any = 1, *, b: Any = 2) -> None: ...


def test_it_agrees_with_inspect() -> None:
    """What inspect binds is arranged, and nothing else; keywords of a signature have defaults."""
    for function in (only_position, all_required, nothing_required):
        signature = inspect.signature(function)
        arrange = arrangement(signature)
        names = ["a", "b", "c", "d", "e"]
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
                    assert arranged == tuple(bound.arguments.values())
