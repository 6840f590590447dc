"""Finds the pages that the arguments of a command mean."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from opsbridge.errors import PageError


def find_pages(arguments: Sequence[str]) -> list[Path]:
    """Return the pages that some arguments mean, in their order, each file once.

    An argument is a file (whatever its name), a folder (every `*.md` in and below it, by name;
    hidden folders are left out) or a pattern with `*`, `**`, `?` or `[...]` that the shell has left
    alone.

    Raises:
        PageError: an argument matches nothing, or a folder cannot be read.
    """
    found: dict[str, Path] = {}
    problems: list[str] = []
    for argument in arguments:
        before = len(found)
        matches = [Path(argument)] if os.path.lexists(argument) else _expand(argument)
        pages = [page for match in matches for page in _pages_of(match)]
        for page in pages:
            found.setdefault(os.path.realpath(page), page)
        if not pages and len(found) == before:
            problems.append(_nothing(argument, matches))
    if problems:
        raise PageError("\n".join(problems))
    return list(found.values())


def _expand(argument: str) -> list[Path]:
    return [Path(match) for match in sorted(glob.glob(argument, recursive=True))]


def _pages_of(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for folder, names, files in os.walk(path, onerror=_cannot_read):
        names[:] = sorted(name for name in names if not name.startswith("."))
        yield from (Path(folder, name) for name in sorted(files) if name.endswith(".md"))


def _cannot_read(error: OSError) -> None:
    raise PageError(f"{error.filename}: cannot be read: {error.strerror}")


def _nothing(argument: str, matches: Sequence[Path]) -> str:
    if matches:
        return f"{argument}: there is no page (*.md) in this folder or below it"
    if glob.has_magic(argument):
        return f"{argument}: no file or folder matches this pattern"
    return f"{argument}: there is no such file or folder"
