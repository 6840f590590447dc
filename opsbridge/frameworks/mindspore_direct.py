"""Direct calls with MindSpore tensors: their memory as numbers, results as arrays handed over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mindspore
from mindspore import Tensor
from mindspore.common.api import _pynative_executor

from opsbridge.core.direct import Direct, TensorForm
from opsbridge.frameworks.arrays import array_makers, cut

# By NumPy's name: DLPack's type code and, above it, the bits.
_CODES = {
    "bool": 6 | 8 << 8,
    "uint8": 1 | 8 << 8,
    "uint16": 1 | 16 << 8,
    "int8": 0 | 8 << 8,
    "int16": 0 | 16 << 8,
    "int32": 0 | 32 << 8,
    "int64": 0 | 64 << 8,
    "float16": 2 | 16 << 8,
    "bfloat16": 4 | 16 << 8,
    "float32": 2 | 32 << 8,
    "float64": 2 | 64 << 8,
}
_DTYPES = {name: getattr(mindspore, "bool_" if name == "bool" else name) for name in _CODES}
_CODE_OF = {_DTYPES[name]: code for name, code in _CODES.items()}


def mindspore_road(direct: Direct) -> Callable[[tuple[Any, ...]], Any]:
    """The direct calls of an API, for tensors that no gradient is recorded of."""
    call = direct.function(TensorForm.AS_NUMBERS)
    ranks = direct.ranks
    makers = array_makers(direct, _DTYPES)
    is_cut = [output.is_cut for output in direct.outputs]

    def road(values: tuple[Any, ...]) -> Any:
        if _pynative_executor.grad_flag():
            return None
        try:
            flat = _flat(values)
            if flat is None:
                return None
            count = call(*flat, *(arrays := [make(values) for make in makers]))
        except Exception:
            return None  # the operator says what is wrong
        if count is None:
            return None
        results = cut(arrays, is_cut, count)
        if type(results) is tuple:
            return tuple(map(Tensor.from_numpy, results))
        return Tensor.from_numpy(results)

    def _flat(values: tuple[Any, ...]) -> list[Any] | None:
        """The values with numbers for tensors, if every tensor has its rank."""
        flat: list[Any] = []
        for place, value in enumerate(values):
            if place not in ranks:
                flat.append(value)
                continue
            shape = value.shape
            if len(shape) != ranks[place]:
                return None
            flat += (value.data_ptr(), _CODE_OF[value.dtype], *shape, *value.stride())
        return flat

    return road
