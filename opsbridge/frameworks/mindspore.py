"""MindSpore tensors in PyNative mode, shared with native code without a copy."""

from __future__ import annotations

from typing import Any

import numpy as np
from mindspore import Tensor
from mindspore.common.api import _pynative_executor
from mindspore.nn import Cell
from mindspore.runtime import synchronize

from opsbridge.core import OPERATORS
from opsbridge.core.native import tensor_from_dlpack
from opsbridge.errors import OpsbridgeError
from opsbridge.frameworks.eager import EagerLayer
from opsbridge.frameworks.host import host_threads


class _WithoutGradient(Cell):  # type: ignore[misc]
    """One recorded call: asking for its gradient is an error, where MindSpore would take zero."""

    def __init__(self, operator: str, names: tuple[str, ...], arguments: dict[str, Any]) -> None:
        super().__init__()
        self.operator, self.names, self.arguments = operator, names, arguments

    def construct(self, *tensors: Tensor) -> tuple[Any, ...]:
        arguments = self.arguments | dict(zip(self.names, tensors, strict=True))
        return OPERATORS[self.operator].run(LAYER, **arguments)

    def bprop(self, *args: Any) -> tuple[Any, ...]:
        raise OpsbridgeError(f"{self.arguments['caller'].operator}: there is no gradient")


class MindSporeLayer(EagerLayer):
    """The layer of `mindspore.Tensor`.

    Reading a tensor's memory waits for the operations that fill it. Results are filled as NumPy
    arrays and handed over with their memory; writing into a MindSpore tensor would race with its
    asynchronous operations.
    """

    def is_tensor(self, kind: type) -> bool:
        return issubclass(kind, Tensor)

    def shape(self, tensor: Tensor) -> tuple[int, ...]:
        return tensor.shape  # type: ignore[no-any-return]

    def dtype(self, tensor: Tensor) -> str:
        return str(tensor.dtype).lower()

    def device(self, tensor: Tensor) -> str:
        return "cpu"  # opsbridge supports MindSpore's CPU packages only

    def item(self, tensor: Tensor, *index: int) -> float:
        return float(tensor.asnumpy()[index])

    def native(self, tensor: Tensor) -> Any:
        if self.dtype(tensor) == "bool":  # MindSpore exports no capsule of it
            return tensor.asnumpy()
        return tensor_from_dlpack()(tensor.to_dlpack())

    def empty(self, shape: tuple[int, ...], dtype: str, like: Tensor) -> np.ndarray[Any, Any]:
        return np.empty(shape, dtype)

    def cast(self, tensor: Tensor, dtype: str) -> Tensor:
        return Tensor.from_numpy(tensor.asnumpy().astype(dtype))

    def finish(self, destination: np.ndarray[Any, Any], length: int | None = None) -> Tensor:
        return Tensor.from_numpy(destination if length is None else destination[:length])

    def is_recorded(self, tensors: list[Tensor]) -> bool:
        return bool(_pynative_executor.grad_flag())

    def obstacle(self, tensor: Tensor) -> str:
        if not tensor.is_contiguous():
            return "is not contiguous"
        if self.dtype(tensor) == "bool" and tensor.asnumpy().ctypes.data != tensor.data_ptr():
            return "is a view of bool"  # MindSpore shares the memory of whole ones only
        return ""

    def extent(self, tensor: Tensor) -> tuple[int, int]:
        if not tensor.size:
            return 0, 0
        shape, strides = tensor.shape, tensor.stride()
        reach = sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))
        start = int(tensor.data_ptr())
        return start, start + (reach + 1) * int(tensor.itemsize)

    def destination(self, tensor: Tensor) -> Any:
        # Operations that were launched before may still read what is to be written.
        synchronize()
        return self.native(tensor)

    def threads(self) -> int:
        return host_threads()

    def concatenate_regions(self, boxes: list[Tensor]) -> Tensor:
        """One (L, 4) tensor per image as (K, 5) regions with a batch column."""
        arrays = [of_image.asnumpy() for of_image in boxes]
        images = np.repeat(np.arange(len(arrays)), [len(array) for array in arrays])
        rois = np.column_stack((images.astype(arrays[0].dtype), np.concatenate(arrays)))
        return Tensor.from_numpy(rois)

    def run(self, operator: str, **arguments: Any) -> tuple[Any, ...]:
        """Call a core operator on tensors."""
        if _pynative_executor.grad_flag():
            tensors = {name: each for name, each in arguments.items() if isinstance(each, Tensor)}
            cell = _WithoutGradient(operator, tuple(tensors), arguments)
            return tuple(cell(*tensors.values()))
        return OPERATORS[operator].run(self, **arguments)


LAYER = MindSporeLayer()
