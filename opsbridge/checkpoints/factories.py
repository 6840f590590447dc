"""A user's function, named on the command line as `path/to/file.py:name` or `module:name`."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import sys
import sysconfig
import traceback
from collections.abc import Callable, Iterator
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


@contextlib.contextmanager
def telling_where() -> Iterator[None]:
    """End the process, where the user's code raises, by a last line with the error and its place.

    The parent shows that line; the whole traceback comes before it.
    """
    try:
        yield
    except Exception as error:
        traceback.print_exc()
        print(" ".join(_described(error).split()), file=sys.stderr)
        sys.exit(1)


def _described(error: BaseException) -> str:
    """What was raised, the user's line that led to it, and what it was raised from."""
    text = f"{type(error).__name__}: {error}"
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not _is_of_framework(frame.filename)]
    if own:
        last = own[-1]
        text += f" ({last.filename}:{last.lineno}, in {last.name}: {last.line})"
    if error.__cause__ is not None:
        text += f"; caused by {_described(error.__cause__)}"
    return text


_FRAMEWORKS = {"torch", "mindspore", "numpy"}
_OPSBRIDGE = Path(__file__).parent.parent
_PYTHON = Path(sysconfig.get_path("stdlib"))


def _is_of_framework(filename: str) -> bool:
    """Whether a file is no user's: of opsbridge, a framework or Python itself."""
    path = Path(filename)
    if filename.startswith("<") or path.is_relative_to(_OPSBRIDGE):
        return True
    if "site-packages" in path.parts:
        return path.parts[path.parts.index("site-packages") + 1] in _FRAMEWORKS
    return path.is_relative_to(_PYTHON)
