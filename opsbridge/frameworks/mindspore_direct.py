"""Direct calls with MindSpore tensors: their memory as numbers, results as arrays handed over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mindspore
from mindspore._c_expression import TensorPy
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
# MindSpore's dtypes are single objects, whose own hash is slow.
_IDS = {name: id(getattr(mindspore, "bool_" if name == "bool" else name)) for name in _CODES}
_CODE_OF = {_IDS[name]: code for name, code in _CODES.items()}


def mindspore_road(direct: Direct) -> Callable[[tuple[Any, ...]], Any]:
    """The direct calls of an API, for tensors that no gradient is recorded of."""
    native = direct.function(TensorForm.AS_NUMBERS)
    ranks = [direct.ranks.get(place) for place in range(direct.count)]

    def call_with_numbers(*values: Any) -> Any:
        numbers: list[Any] = []
        for value, rank in zip(values, ranks, strict=False):
            if rank is None:
                numbers.append(value)
                continue
            shape = value.shape
            # Without this a row of numbers might be taken for another one of the same length.
            if len(shape) != rank or not value.is_contiguous():
                return None
            numbers += (value.data_ptr(), _CODE_OF[id(value.dtype)], *shape)
        return native(*numbers, *values[len(ranks) :])

    call = with_arrays(direct, call_with_numbers, _IDS, lambda tensor: id(tensor.dtype))

    def road(values: tuple[Any, ...]) -> Any:
        if is_recording():
            return None
        try:
            arrays = call(values)
            if type(arrays) is tuple:
                return tuple(map(to_tensor, arrays))
            return None if arrays is None else to_tensor(arrays)
        except Exception:
            return None  # the operator says what is wrong

    is_recording = _pynative_executor._executor.grad_flag
    to_tensor = TensorPy.from_numpy  # what Tensor.from_numpy does with contiguous arrays
    return road
