"""Memory for large results that an earlier result gave back: its pages need not be faulted in.

`OPSBRIDGE_POOL_MIB` says how many MiB may wait for their next use (512 unless set, 0: no reuse).
A buffer is given back when the last tensor, array or view of it is gone, never earlier.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from opsbridge.core.native import native_function

# 1 MiB of the widest elements. Below, an allocator's own free lists are as good; the native side
# looks at the bytes.
_SMALLEST = 1 << 17


# DLPack's type code and bits.
_TYPES = {
    "bool": (6, 8),
    **{f"int{bits}": (0, bits) for bits in (8, 16, 32, 64)},
    **{f"float{bits}": (2, bits) for bits in (16, 32, 64)},
    "uint8": (1, 8),
    "bfloat16": (4, 16),
}


def reused_memory(shape: tuple[int, ...], dtype: str) -> Any | None:
    """A DLPack exporter of uninitialised memory for a large result, or None: allocate as usual."""
    if prod(shape) < _SMALLEST:
        return None
    return native_function("output_buffer")(*_TYPES[dtype], *shape)


def empty_array(shape: tuple[int, ...], dtype: str) -> np.ndarray[Any, Any]:
    """An uninitialised array; a large one views reused memory, which it keeps alive."""
    memory = reused_memory(shape, dtype)
    if memory is None:
        return np.empty(shape, dtype)
    return np.asarray(_Exposed(memory, shape, np.dtype(dtype)))


class _Exposed:
    """Memory as NumPy takes it to be writable; NumPy 1 takes no DLPack tensor to be."""

    def __init__(self, memory: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.memory = memory
        self.__array_interface__ = {
            "version": 3,
            "shape": tuple(shape),
            "typestr": dtype.str,
            "data": (memory.data_ptr(), False),
        }
