"""PyTorch tensors: straight to native code in eager mode, through `torch.library` otherwise.

A raw native call would read the null pointer of a fake tensor and cut gradients silently, so only
plain tensors that nothing records take that road.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from opsbridge.core import OPERATORS, RULES
from opsbridge.core.checks import Caller

_DTYPE_NAMES = {
    getattr(torch, name): name
    for name in (
        *("bool", "uint8", "int8", "int16", "int32", "int64"),
        *("float16", "bfloat16", "float32", "float64"),
    )
}
_DTYPES = {name: dtype for dtype, name in _DTYPE_NAMES.items()}

# How a graph names the caller whose words its error messages use.
_CALLERS: dict[str, Caller] = {}


def _is_plain(tensor: Tensor) -> bool:
    """The tensor owns ordinary memory: no fake tensor, no other class that intercepts operators."""
    return type(tensor).__torch_dispatch__ is Tensor.__torch_dispatch__


def _is_recorded(tensors: tuple[Tensor, ...]) -> bool:
    """Something other than eager execution needs to see the operator."""
    return (
        torch.compiler.is_compiling()
        or torch._C._len_torch_dispatch_stack() > 0
        or torch._C._functorch.peek_interpreter_stack() is not None
        or torch._C._get_tracing_state() is not None
        or not all(map(_is_plain, tensors))
        or (torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors))
    )


class TorchLayer:
    """The layer of `torch.Tensor`."""

    def is_tensor(self, kind: type) -> bool:
        return issubclass(kind, Tensor)

    def shape(self, tensor: Tensor) -> tuple[int, ...]:
        return tensor.shape

    def dtype(self, tensor: Tensor) -> str:
        return _DTYPE_NAMES.get(tensor.dtype) or str(tensor.dtype).removeprefix("torch.")

    def device(self, tensor: Tensor) -> str:
        return str(tensor.device)

    def item(self, tensor: Tensor, *index: int) -> float:
        return float(tensor[index])

    def native(self, tensor: Tensor) -> Any:
        return tensor

    def empty(self, shape: tuple[int, ...], dtype: str, like: Tensor) -> Tensor:
        return like.new_empty(shape, dtype=_DTYPES[dtype])

    def finish(self, destination: Tensor, length: int | None = None) -> Tensor:
        return destination if length is None else destination[:length]

    def threads(self) -> int:
        return torch.get_num_threads()

    def concatenate_regions(self, boxes: list[Tensor]) -> Tensor:
        """One (L, 4) tensor per image as (K, 5) regions with a batch column."""
        return torch.cat(
            [
                torch.cat((of_image.new_full((of_image.shape[0], 1), image), of_image), dim=1)
                for image, of_image in enumerate(boxes)
            ]
        )

    def run(self, operator: str, **arguments: Any) -> tuple[Any, ...]:
        """Call a core operator on tensors."""
        tensors = tuple(value for value in arguments.values() if isinstance(value, Tensor))
        if _is_recorded(tensors):
            return _run_recorded(operator, arguments)
        with torch.no_grad():
            return OPERATORS[operator](self, **arguments)


LAYER = TorchLayer()

# Everything that a rule and its caller say travels as numbers and strings, which graphs can hold.
_TAIL = "int rule, str[] outputs, str[] dtypes, str caller"
_SCHEMAS = {
    "nms": (
        "(Tensor boxes, Tensor scores, float iou_threshold, *, Tensor? groups=None, "
        "float? score_threshold=None, int? pre_top_k=None, int? max_outputs=None, "
        "float? threshold_decay=None, int? shift_limit=None, int? boxes_column=None, "
        f"int? scores_column=None, {_TAIL}) -> Tensor[]"
    ),
    "roi_align": (
        "(Tensor features, Tensor rois, SymInt pooled_height, SymInt pooled_width, "
        "float spatial_scale, int sampling_ratio, *, Tensor? batch_indices=None, "
        f"{_TAIL}) -> Tensor[]"
    ),
}


def _run_recorded(operator: str, arguments: dict[str, Any]) -> tuple[Any, ...]:
    arguments = dict(arguments)
    caller: Caller = arguments.pop("caller")
    outputs = arguments.pop("outputs")
    _CALLERS.setdefault(caller.operator, caller)
    results = getattr(torch.ops.opsbridge, operator)(
        **arguments | {"rule": arguments["rule"].word},
        outputs=[name for name, _ in outputs],
        dtypes=[dtype for _, dtype in outputs],
        caller=caller.operator,
    )
    return tuple(results)


def _implementation(operator: str) -> Any:
    def run(*args: Any, rule: int, outputs: list[str], dtypes: list[str], caller: str, **rest: Any):  # type: ignore[no-untyped-def]
        return list(
            OPERATORS[operator](
                LAYER,
                *args,
                **rest,
                rule=RULES[operator].from_word(rule),
                outputs=tuple(zip(outputs, dtypes, strict=True)),
                caller=_CALLERS.get(caller, Caller(operator)),
            )
        )

    return run


def _fake_nms(
    boxes: Tensor, scores: Tensor, iou_threshold: float, *, outputs: list[str],
    dtypes: list[str], **rest: Any
) -> list[Tensor]:
    def shape(name: str) -> tuple[Any, ...]:
        if name == "keep":
            return (torch.library.get_ctx().new_dynamic_size(),)
        return (boxes.shape[0], 5) if name == "sorted_boxes" else (boxes.shape[0],)

    return [
        boxes.new_empty(shape(name), dtype=boxes.dtype if dtype == "same" else _DTYPES[dtype])
        for name, dtype in zip(outputs, dtypes, strict=True)
    ]


def _fake_roi_align(
    features: Tensor, rois: Tensor, pooled_height: int, pooled_width: int, *args: Any, **rest: Any
) -> list[Tensor]:
    shape = (rois.shape[0], features.shape[1], pooled_height, pooled_width)
    return [features.new_empty(shape)]


_LIBRARY = torch.library.Library("opsbridge", "DEF")
_FAKES = {"nms": _fake_nms, "roi_align": _fake_roi_align}


def _register(operator: str) -> None:
    _LIBRARY.define(operator + _SCHEMAS[operator])
    _LIBRARY.impl(operator, _implementation(operator), "CPU")
    _LIBRARY.impl(operator, _implementation(operator), "CUDA")
    torch.library.register_fake(f"opsbridge::{operator}", _FAKES[operator], lib=_LIBRARY)


for _operator in _SCHEMAS:
    _register(_operator)
