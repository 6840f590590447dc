"""PyTorch tensors: straight to native code in eager mode, through `torch.library` otherwise.

A raw native call would read the null pointer of a fake tensor and cut gradients silently, so only
plain tensors that nothing records take that road.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd import forward_ad
from torch.nn import Parameter

from opsbridge.core import OPERATORS
from opsbridge.core.direct import Direct, TensorForm
from opsbridge.core.native import cuda_library_path, native_function
from opsbridge.frameworks.torch_device_road import device_road
from opsbridge.frameworks.torch_library import run_recorded
from opsbridge.frameworks.torch_tensors import DTYPES, TorchTensors


def _is_plain(tensor: Tensor) -> bool:
    """The tensor owns ordinary memory: no fake tensor, no other class that intercepts operators."""
    kind = type(tensor)
    return kind is Tensor or kind.__torch_dispatch__ is Tensor.__torch_dispatch__


def _is_recording() -> bool:
    """Something other than eager execution sees every operator."""
    return (
        torch.compiler.is_compiling()
        or torch._C._len_torch_dispatch_stack() > 0
        or torch._C._functorch.peek_interpreter_stack() is not None
        or torch._C._get_tracing_state() is not None
        or forward_ad._current_level >= 0
    )


def _is_recorded(tensors: list[Tensor]) -> bool:
    """Something other than eager execution needs to see an operator on these tensors."""
    if _is_recording():
        return True
    wants_gradient = torch.is_grad_enabled()
    for tensor in tensors:
        if not _is_plain(tensor) or (wants_gradient and tensor.requires_grad):
            return True
    return False


def _is_float(value: Any) -> bool:
    return isinstance(value, Tensor) and value.is_floating_point()


def _widened(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.float() if value.dtype in (torch.float16, torch.bfloat16) else value
    return [_widened(each) for each in value] if isinstance(value, (list, tuple)) else value


class TorchLayer(TorchTensors):
    """The layer of `torch.Tensor`."""

    widens_halves = True
    plain_types = (Tensor, Parameter)

    def is_recording(self) -> bool:
        return _is_recording()

    def is_recorded(self, tensors: list[Tensor]) -> bool:
        return _is_recorded(tensors)

    def widened(self, values: tuple[Any, ...], devices: tuple[str, ...]) -> tuple[Any, ...] | None:
        """16-bit tensors as float32, where autocast is on."""
        device = values[0].device.type
        if device not in devices or not torch.is_autocast_enabled(device):
            return None
        return tuple(map(_widened, values))

    def promoted(self, values: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """Floating-point tensors in the dtype that PyTorch promotes them to."""
        floats = [each for each in values if _is_float(each)]
        if len({each.dtype for each in floats}) < 2:
            return None
        common = functools.reduce(torch.promote_types, [each.dtype for each in floats])
        return tuple(each.to(common) if _is_float(each) else each for each in values)

    def narrowed(self, result: Tensor, like: Tensor) -> Tensor:
        return result.to(like.dtype)

    def run(self, operator: str, **arguments: Any) -> tuple[Any, ...]:
        """Call a core operator on tensors."""
        tensors = [value for value in arguments.values() if isinstance(value, Tensor)]
        if _is_recorded(tensors):
            return run_recorded(OPERATORS[operator], arguments)
        return OPERATORS[operator].run(self, **arguments)

    def road(self, direct: Direct) -> Callable[[tuple[Any, ...]], Any]:
        """The direct calls of an API, for tensors that nothing records."""
        call = direct.function(TensorForm.RESULT_MADE)
        has_device = direct.on_device is not None and cuda_library_path() is not None
        on_device = device_road(direct.on_device) if has_device else None  # type: ignore[arg-type]
        next_result = native_function("next_result")
        first_tensor, *other_tensors = tensors = direct.tensors
        more_results = len(direct.outputs) - 1
        has_gradient = any(
            DTYPES[dtype].is_floating_point for output in direct.outputs for dtype in output.dtypes
        )

        def road(values: tuple[Any, ...]) -> Any:
            if is_dynamo_compiling() or dispatch_stack_length() or is_tracing():
                return None
            # The memory of a lazily negated tensor holds the opposite of its values.
            if values[first_tensor].is_neg():
                return None
            for place in other_tensors:
                tensor = values[place]
                kind = type(tensor)
                if (kind is not Tensor and kind is not Parameter) or tensor.is_neg():
                    return None
            if has_gradient:
                if forward_ad._current_level >= 0:
                    return None
                if is_grad_enabled():
                    for place in tensors:
                        if values[place].requires_grad:
                            return None
            if on_device is not None and values[first_tensor].is_cuda:
                return on_device(values)
            try:
                first = call(*values)
                if first is not None and more_results:
                    results = (first, *map(next_result, (first,) * more_results))
                    return None if results[-1] is None else results
            except Exception:
                return None  # the operator says what is wrong
            return first

        is_dynamo_compiling = torch.compiler.is_dynamo_compiling
        dispatch_stack_length = torch._C._len_torch_dispatch_stack
        is_tracing = torch._C._is_tracing
        is_grad_enabled = torch.is_grad_enabled
        return road


LAYER = TorchLayer()
