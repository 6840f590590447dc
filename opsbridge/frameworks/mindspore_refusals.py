"""Why a call in a graph is refused: told by the same checks and words as in eager calls.

A kernel that refuses its input asks for the text, which MindSpore raises as a RuntimeError.
"""

from __future__ import annotations

import ctypes
import itertools
from typing import Any

import numpy as np

from opsbridge.core.native import loaded_library_path
from opsbridge.errors import OpsbridgeError
from opsbridge.frameworks.eager import EagerLayer
from opsbridge.frameworks.mindspore_symbols import Recording, Symbol

_REMEMBERED: dict[int, Recording | str] = {}
_NUMBERS = itertools.count(1)
_DESCRIBE = ctypes.CFUNCTYPE(
    None,
    ctypes.c_int64,
    ctypes.POINTER(ctypes.c_void_p),
    ctypes.POINTER(ctypes.POINTER(ctypes.c_int64)),
    ctypes.c_void_p,
    ctypes.c_int64,
)


def remember(call: Recording | str) -> int:
    """The number that a graph knows a call (or the reason to refuse any) by."""
    number = next(_NUMBERS)
    _REMEMBERED[number] = call
    return number


class _Memory(EagerLayer):
    """The layer of arrays on the memory of a call's inputs."""

    def shape(self, tensor: Any) -> tuple[int, ...]:
        return tensor.shape  # type: ignore[no-any-return]

    def dtype(self, tensor: Any) -> str:
        return tensor.dtype.name  # type: ignore[no-any-return]

    def device(self, tensor: Any) -> str:
        return "cpu"

    def item(self, tensor: Any, *index: int) -> float:
        return float(tensor[index])

    def native(self, tensor: Any) -> Any:
        return tensor

    def empty(self, shape: tuple[int, ...], dtype: str, like: Any) -> Any:
        return np.empty(shape, dtype)

    def finish(self, destination: Any, length: int | None = None) -> Any:
        return destination

    def threads(self) -> int:
        return 1


def _describe(number: int, data: Any, shapes: Any, text: int, size: int) -> None:
    """Write the message of a refused call; nothing where the process knows no such call."""
    message = ""
    try:
        message = _message(_REMEMBERED.get(number, ""), data, shapes)
    except Exception as error:
        message = str(error)
    encoded = message.encode()[: size - 1]
    ctypes.memmove(text, encoded, len(encoded))


def _message(call: Recording | str, data: Any, shapes: Any) -> str:
    if isinstance(call, str):
        return call
    arguments = {
        name: _array(value, data, shapes) if isinstance(value, Symbol) else value
        for name, value in call.arguments.items()
    }
    try:
        call.operator.run(_Memory(), **arguments)
    except OpsbridgeError as error:
        return str(error)
    return ""


def _array(symbol: Symbol, data: Any, shapes: Any) -> np.ndarray[Any, Any]:
    """A copy of an input; NumPy has no bfloat16, so that becomes float32."""
    shape = tuple(shapes[symbol.place][axis] for axis in range(len(symbol.shape)))
    is_brain_float = symbol.dtype == "bfloat16"
    dtype = np.dtype("uint16" if is_brain_float else symbol.dtype)
    count = int(np.prod(shape, dtype=np.int64))
    memory = ctypes.string_at(data[symbol.place], count * dtype.itemsize)
    array = np.frombuffer(memory, dtype).reshape(shape).copy()
    return (array.astype(np.uint32) << 16).view(np.float32) if is_brain_float else array


# The library keeps the pointer, so this object must live as long as the process.
_CALLBACK = _DESCRIBE(_describe)
ctypes.CDLL(str(loaded_library_path())).opsbridge_describe_refusals(_CALLBACK)
