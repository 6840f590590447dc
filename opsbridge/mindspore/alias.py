"""`as_mindspore()`: code that imports mindspore gets opsbridge.mindspore instead, for a while."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from types import ModuleType

from opsbridge.alias import standing_in

_SURFACE = "opsbridge.mindspore"
_MODULES = {
    "mindspore": (_SURFACE, ""),
    "mindspore.ops": (_SURFACE, "ops"),
    "mindspore.dtype": (_SURFACE, "dtype"),
    "mindspore.common": (_SURFACE, ""),
    "mindspore.common.dtype": (_SURFACE, "dtype"),
}


@contextlib.contextmanager
def as_mindspore() -> Iterator[ModuleType]:
    """Let `import mindspore` mean opsbridge.mindspore within the block.

    A real MindSpore, loaded or not, is set aside untouched and is back after the block. Names that
    opsbridge does not cover raise NotCoveredImport or NotCoveredAttribute with their full name.

    Example:
        >>> with as_mindspore():
        ...     from mindspore import ops
        ...     print(ops.__name__)
        mindspore.ops
    """
    with standing_in(_MODULES) as modules:
        yield modules["mindspore"]
