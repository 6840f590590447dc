"""MindSpore tensors in PyNative mode, shared with native code without a copy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from mindspore import Tensor, bfloat16, ops
from mindspore.common.api import _pynative_executor
from mindspore.nn import Cell
from mindspore.runtime import synchronize

from opsbridge.core import OPERATORS
from opsbridge.core.buffers import empty_array
from opsbridge.core.direct import Direct
from opsbridge.core.native import tensor_from_dlpack
from opsbridge.core.operator import Operator
from opsbridge.errors import DerivativeError
from opsbridge.frameworks.brain_floats import BrainFloats, empty_brain_floats
from opsbridge.frameworks.eager import EagerLayer
from opsbridge.frameworks.gradients import differentiable, gradient_outputs, missing_gradient
from opsbridge.frameworks.host import host_threads
from opsbridge.frameworks.mindspore_direct import mindspore_road


class _Recorded(Cell):  # type: ignore[misc]
    """One call that MindSpore records, with the gradient that the backward operator computes.

    Only the first result may have one. A gradient that arrives at another is an error unless it is
    zero: MindSpore would go on with a derivative that is not there.
    """

    def __init__(self, operator: Operator, names: tuple[str, ...], arguments: dict[str, Any]):
        super().__init__()
        self.operator, self.names, self.arguments = operator, names, arguments

    def construct(self, *tensors: Tensor) -> tuple[Any, ...]:
        return self.operator.run(LAYER, **self._with(tensors))

    def bprop(self, *given: Any) -> tuple[Any, ...]:
        *tensors, _, gradients = given
        if isinstance(gradients, Tensor):  # of a single result
            gradients = (gradients,)
        backward = self.operator.backward
        for gradient in gradients[0 if backward is None else 1 :]:
            if gradient.asnumpy().any():
                raise DerivativeError(missing_gradient(self.operator, self.arguments))
        found: dict[str, Tensor] = {}
        if backward is not None:
            arguments = self._with(tuple(tensors)) | {"outputs": gradient_outputs(self.operator)}
            results = LAYER.run(backward, gradient=gradients[0], **arguments)
            found = dict(zip(differentiable(self.operator), results, strict=True))
        return tuple(
            found[name] if name in found else ops.zeros_like(tensor)
            for name, tensor in zip(self.names, tensors, strict=True)
        )

    def _with(self, tensors: tuple[Tensor, ...]) -> dict[str, Any]:
        return self.arguments | dict(zip(self.names, tensors, strict=True))


class MindSporeLayer(EagerLayer):
    """The layer of `mindspore.Tensor`.

    Reading a tensor's memory waits for the operations that fill it. Results are filled as NumPy
    arrays and handed over with their memory; writing into a MindSpore tensor would race with its
    asynchronous operations.
    """

    plain_types = (Tensor,)

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
        if tensor.data_ptr() % tensor.itemsize:  # kernels read aligned elements
            tensor = tensor.copy()
        return tensor_from_dlpack()(tensor.to_dlpack())

    def empty(self, shape: tuple[int, ...], dtype: str, like: Tensor) -> np.ndarray[Any, Any]:
        return empty_brain_floats(shape) if dtype == "bfloat16" else empty_array(shape, dtype)

    def cast(self, tensor: Tensor, dtype: str) -> Tensor:
        return Tensor.from_numpy(tensor.asnumpy().astype(dtype))

    def finish(self, destination: np.ndarray[Any, Any], length: int | None = None) -> Tensor:
        filled = destination if length is None else destination[:length]
        if isinstance(filled, BrainFloats):
            return Tensor.from_numpy(filled.view(np.ndarray)).view(bfloat16)
        return Tensor.from_numpy(filled)

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

    def joined(self, parts: list[Tensor]) -> Tensor:
        return ops.concat(parts, -1)

    def run(self, operator: str, **arguments: Any) -> tuple[Any, ...]:
        """Call a core operator on tensors."""
        if _pynative_executor.grad_flag():
            tensors = {name: each for name, each in arguments.items() if isinstance(each, Tensor)}
            cell = _Recorded(OPERATORS[operator], tuple(tensors), arguments)
            return tuple(cell(*tensors.values()))
        return OPERATORS[operator].run(self, **arguments)

    def road(self, direct: Direct) -> Callable[[tuple[Any, ...]], Any]:
        """The direct calls of an API, for tensors that no gradient is recorded of."""
        return mindspore_road(direct)


LAYER = MindSporeLayer()
