"""Direct calls with MindSpore tensors: their memory as numbers, results as arrays handed over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mindspore
from mindspore import Tensor
from mindspore.common.api import _pynative_executor

from opsbridge.core.direct import Direct, TensorForm
from opsbridge.frameworks.arrays import with_arrays

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
    native, ranks = direct.function(TensorForm.AS_NUMBERS), direct.ranks

    def call_with_numbers(*values: Any) -> Any:
        numbers: list[Any] = []
        for place, value in enumerate(values):
            if place not in ranks:
                numbers.append(value)
                continue
            shape = value.shape
            # Without this a row of numbers might be taken for another one of the same length.
            if len(shape) != ranks[place]:
                return None
            numbers += (value.data_ptr(), _CODE_OF[value.dtype], *shape, *value.stride())
        return native(*numbers)

    call = with_arrays(direct, call_with_numbers, _DTYPES)

    def road(values: tuple[Any, ...]) -> Any:
        if _pynative_executor.grad_flag():
            return None
        try:
            arrays = call(values)
            if arrays is None:
                return None
            if type(arrays) is tuple:
                return tuple(map(Tensor.from_numpy, arrays))
            return Tensor.from_numpy(arrays)
        except Exception:
            return None  # the operator says what is wrong

    return road
