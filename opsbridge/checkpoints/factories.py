"""A user's function, named on the command line as `path/to/file.py:name` or `module:name`."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from opsbridge.errors import ArgumentError


def load_factory(spec: str) -> Callable[[], Any]:
    """Import what a name says, with the file's own folder on the path, and return the callable.

    Raises ArgumentError where there is no such file, module or callable.
    """
    place, colon, name = spec.rpartition(":")
    if not colon or not name.isidentifier():
        raise ArgumentError(f"{spec}: write path/to/file.py:callable or module:callable")
    if place.endswith(".py"):
        path = Path(place).resolve()
        if not path.is_file():
            raise ArgumentError(f"{spec}: there is no file {place}")
        sys.path.insert(0, str(path.parent))
        place = path.stem
    else:
        sys.path.insert(0, "")
    factory = getattr(importlib.import_module(place), name, None)
    if not callable(factory):
        raise ArgumentError(f"{spec}: {place} has no callable {name}")
    made: Callable[[], Any] = factory
    return made
