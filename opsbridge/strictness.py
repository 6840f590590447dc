"""Whether what MindSpore refuses and PyTorch takes is refused, too."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

_depth = 0


@contextlib.contextmanager
def refusing() -> Iterator[None]:
    """Refuse it within the block."""
    global _depth
    _depth += 1
    try:
        yield
    finally:
        _depth -= 1


def is_strict() -> bool:
    """Whether a strict block is open."""
    return _depth > 0
