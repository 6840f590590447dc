"""NumPy arrays: read-only ones, any strides, all zero copy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from opsbridge.core import OPERATORS
from opsbridge.core.buffers import empty_array
from opsbridge.core.direct import Direct
from opsbridge.core.native import object_tensors
from opsbridge.frameworks.arrays import ARRAY_SETTINGS
from opsbridge.frameworks.eager import EagerLayer
from opsbridge.frameworks.host import host_threads


class _WritableAlias:
    """The memory of an array that may not be written, for a reader that only takes writable ones.

    tvm-ffi asks for a writable DLPack capsule; no kernel writes an input.
    """

    def __init__(self, array: np.ndarray[Any, Any]) -> None:
        self.array = array
        address = array.__array_interface__["data"][0]
        self.__array_interface__ = {**array.__array_interface__, "data": (address, False)}


class NumpyLayer(EagerLayer):
    """The layer of `numpy.ndarray`."""

    plain_types = (np.ndarray,)

    def is_tensor(self, kind: type) -> bool:
        # Nothing here looks at masks, so a masked element would silently count.
        return issubclass(kind, np.ndarray) and not issubclass(kind, np.ma.MaskedArray)

    def shape(self, tensor: np.ndarray[Any, Any]) -> tuple[int, ...]:
        return tensor.shape

    def dtype(self, tensor: np.ndarray[Any, Any]) -> str:
        # A foreign byte order is another dtype: its bytes cannot be read as they are.
        return tensor.dtype.name if tensor.dtype.isnative else str(tensor.dtype)

    def device(self, tensor: np.ndarray[Any, Any]) -> str:
        return "cpu"

    def item(self, tensor: np.ndarray[Any, Any], *index: int) -> float:
        return float(tensor[index])

    def native(self, tensor: np.ndarray[Any, Any]) -> Any:
        if any(stride % tensor.itemsize for stride in tensor.strides) or not tensor.flags.aligned:
            return np.array(tensor)  # a field of a record, or of bytes: no kernel can read it
        return tensor if tensor.flags.writeable else np.asarray(_WritableAlias(tensor))

    def empty(
        self, shape: tuple[int, ...], dtype: str, like: np.ndarray[Any, Any]
    ) -> np.ndarray[Any, Any]:
        return empty_array(shape, dtype)

    def cast(self, tensor: np.ndarray[Any, Any], dtype: str) -> np.ndarray[Any, Any]:
        return tensor.astype(dtype, copy=False)

    def finish(
        self, destination: np.ndarray[Any, Any], length: int | None = None
    ) -> np.ndarray[Any, Any]:
        return destination if length is None else destination[:length]

    def obstacle(self, tensor: np.ndarray[Any, Any]) -> str:
        if not tensor.flags.writeable:
            return "is read-only"
        return "" if tensor.flags.c_contiguous else "is not contiguous"

    def extent(self, tensor: np.ndarray[Any, Any]) -> tuple[int, int]:
        if not tensor.size:
            return 0, 0
        start = tensor.__array_interface__["data"][0]
        steps = [
            (size - 1) * stride for size, stride in zip(tensor.shape, tensor.strides, strict=True)
        ]
        first, last = sum(min(step, 0) for step in steps), sum(max(step, 0) for step in steps)
        return start + first, start + last + tensor.itemsize

    def destination(self, tensor: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return tensor

    def threads(self) -> int:
        return host_threads()

    def concatenate_regions(self, boxes: list[np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
        """One (L, 4) array per image as (K, 5) regions with a batch column."""
        images = np.repeat(np.arange(len(boxes)), [len(of_image) for of_image in boxes])
        rois = np.column_stack((images.astype(boxes[0].dtype), np.concatenate(boxes)))
        return rois

    def joined(self, parts: list[np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
        return np.concatenate(parts, -1)

    def run(self, operator: str, **arguments: Any) -> tuple[Any, ...]:
        """Call a core operator on arrays."""
        return OPERATORS[operator].run(self, **arguments)

    def road(self, direct: Direct) -> Callable[[tuple[Any, ...]], Any]:
        """The direct calls of an API, for arrays."""
        return direct.of_objects(object_tensors("arrays", ARRAY_SETTINGS))


LAYER = NumpyLayer()


def from_rows(rows: Any, dtype: str) -> np.ndarray[Any, Any]:
    """Nested lists of numbers as an array; raises ValueError or TypeError for anything else."""
    array = np.asarray(rows)
    if array.size and np.dtype(dtype).kind == "i" and array.dtype.kind not in "bi":
        raise TypeError(f"{array.dtype} for {dtype}")
    return array.astype(dtype)
