"""Memory of bfloat16 numbers that native code fills, where the framework's arrays have none.

NumPy holds them as 16-bit integers; DLPack, through which native code sees them, knows what they
are.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from opsbridge.core.buffers import empty_array

# In the tensor that a DLPack capsule holds: after the data, the device and the rank.
_PLACE_OF_TYPE_CODE = 20
_BRAIN_FLOAT = 4

_pointer_of = ctypes.pythonapi.PyCapsule_GetPointer
_pointer_of.restype = ctypes.c_void_p
_pointer_of.argtypes = (ctypes.py_object, ctypes.c_char_p)


class BrainFloats(np.ndarray[Any, Any]):
    """An array of 16-bit integers whose DLPack tensor is one of bfloat16."""

    def __dlpack__(self, **_: Any) -> Any:
        capsule = self.view(np.ndarray).__dlpack__()
        pointer = _pointer_of(capsule, b"dltensor")
        ctypes.c_uint8.from_address(pointer + _PLACE_OF_TYPE_CODE).value = _BRAIN_FLOAT
        return capsule


def empty_brain_floats(shape: tuple[int, ...]) -> BrainFloats:
    """Uninitialised memory, reused where it is large."""
    return empty_array(shape, "int16").view(BrainFloats)
