"""Direct calls on CUDA tensors of PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from opsbridge.core.device import leave, raise_finished, raise_refused
from opsbridge.core.direct import Direct
from opsbridge.core.native import cuda_function
from opsbridge.errors import ArgumentError
from opsbridge.frameworks.torch_tensors import DTYPES, TorchTensors

Values = tuple[Any, ...]


def device_road(direct: Direct) -> Callable[[Values], Any]:
    """The direct calls of an API on a GPU; they give None where they decline.

    They raise what earlier calls refused, and nothing else. Results are made here: tensors that
    native code makes know nothing of `record_stream`.
    """
    call = direct.function(cuda_function)
    main = direct.main
    dtypes = {
        DTYPES[name]: [DTYPES[output.dtypes[row]] for output in direct.outputs]
        for row, name in enumerate(direct.dtypes)
    }
    shapes = [direct.shape_getter(output.shape) for output in direct.outputs]
    cut = [output.is_cut for output in direct.outputs]
    waits = any(cut)

    def road(values: Values) -> Any:
        raise_finished()
        like = values[main]
        try:
            results = [
                like.new_empty(shape(values), dtype=dtype)
                for shape, dtype in zip(shapes, dtypes[like.dtype], strict=True)
            ]
            answer = call(*values, *results)
        except Exception:
            return None  # the operator says what is wrong
        if answer is None:
            return None
        if waits:
            results = [
                result[:answer] if is_cut else result
                for result, is_cut in zip(results, cut, strict=True)
            ]
        else:
            leave(answer, _refusal(direct, values))
        return results[0] if len(results) == 1 else tuple(results)

    return road


def _refusal(direct: Direct, values: Values) -> Callable[[int], None]:
    """Raises what the operator says about the arguments of a call that was refused.

    They are kept until then, but for a main tensor of which nothing can be refused: it may be huge.
    """
    main = direct.main
    before, like, after = values[:main], values[main], values[main + 1 :]
    shape, dtype, device = like.shape, like.dtype, like.device
    kept = like if direct.native.judges_main else None

    def refuse(word: int) -> None:
        again = torch.empty((), dtype=dtype, device=device).expand(shape) if kept is None else kept
        direct.run(TorchTensors(), (*before, again, *after))
        raise_refused()
        raise ArgumentError(
            f"{direct.caller.operator}: row {word // 16} was refused, and has changed since"
        )

    return refuse
