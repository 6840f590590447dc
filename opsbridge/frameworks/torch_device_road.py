"""Direct calls on CUDA tensors of PyTorch, whose results wait for their length anyway."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from opsbridge.core.device import has_unread
from opsbridge.core.direct import Direct, TensorForm
from opsbridge.core.native import cuda_function
from opsbridge.frameworks.torch_tensors import DTYPES

Values = tuple[Any, ...]


def device_road(direct: Direct) -> Callable[[Values], Any]:
    """The direct calls of an API on a GPU; they give None where they decline, or raise.

    Results are made here: tensors that native code makes know nothing of `record_stream`.
    """
    call = direct.function(TensorForm.RESULT_GIVEN, cuda_function)
    main = direct.main
    dtypes = {
        DTYPES[name]: [DTYPES[output.dtypes[row]] for output in direct.outputs]
        for row, name in enumerate(direct.dtypes)
    }
    shapes = [direct.shape_getter(output.shape) for output in direct.outputs]
    cut = [output.is_cut for output in direct.outputs]

    def road(values: Values) -> Any:
        if has_unread():
            return None  # the operator looks at those first
        like = values[main]
        results = [
            like.new_empty(shape(values), dtype=dtype)
            for shape, dtype in zip(shapes, dtypes[like.dtype], strict=True)
        ]
        count = call(*values, *results)
        if count is None:
            return None
        finished = [
            result[:count] if is_cut else result
            for result, is_cut in zip(results, cut, strict=True)
        ]
        return finished[0] if len(finished) == 1 else tuple(finished)

    return road
