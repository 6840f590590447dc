"""Which MindSpore running code was written for, where one call means several things."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

from opsbridge.errors import ArgumentError

_asked: list[tuple[int, ...]] = []


@contextlib.contextmanager
def written_for(version: str | None) -> Iterator[None]:
    """Let calls mean what they mean in a version within the block; None asks for none.

    Raises:
        ArgumentError: the version is no text such as "2.10".
    """
    if version is None:
        yield
        return
    if not re.fullmatch(r"\d+(\.\d+)*", version):
        raise ArgumentError(f'version is {version!r}; it must be numbers with dots, as "2.10"')
    before = _asked[:]
    _asked[:] = [tuple(map(int, version.split(".")))]
    try:
        yield
    finally:
        _asked[:] = before


def is_since(*version: int) -> bool | None:
    """Whether the version asked for is this one or a later one; None if none was asked for."""
    return _asked[0] >= version if _asked else None
