"""Direct calls with MindSpore tensors: their memory as it is, results as arrays handed over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mindspore
from mindspore import Tensor
from mindspore._c_expression import TensorPy
from mindspore.common.api import _pynative_executor

from opsbridge.core.direct import DTYPES, Direct
from opsbridge.core.native import object_tensors
from opsbridge.frameworks.arrays import ARRAY_SETTINGS

# MindSpore's dtypes are single objects, too.
_DTYPES = tuple(getattr(mindspore, "bool_" if name == "bool" else name) for name in DTYPES)
# What the public ones of the same names without a line look up.
_METHODS = (TensorPy._data_ptr, TensorPy.is_contiguous)
_ATTRIBUTES = ("_shape", "_dtype")


def mindspore_road(direct: Direct) -> Callable[[tuple[Any, ...]], Any]:
    """The direct calls of an API, for tensors that no gradient is recorded of."""
    is_recording = _pynative_executor._executor.grad_flag
    take = TensorPy.from_numpy  # what Tensor.from_numpy does with contiguous arrays
    settings = (ARRAY_SETTINGS, Tensor, is_recording, _DTYPES, take, *_METHODS, *_ATTRIBUTES)
    return direct.of_objects(object_tensors("described_tensors", settings))
