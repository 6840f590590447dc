"""PyTorch tensors: straight to native code in eager mode, through `torch.library` otherwise.

A raw native call would read the null pointer of a fake tensor and cut gradients silently, so only
plain tensors that nothing records take that road.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch.autograd import forward_ad
from torch.nn import Parameter

from opsbridge.core import OPERATORS
from opsbridge.core.direct import Direct
from opsbridge.core.native import cuda_library_path, object_tensors
from opsbridge.frameworks.torch_device_road import device_road
from opsbridge.frameworks.torch_library import run_recorded
from opsbridge.frameworks.torch_tensors import DTYPES, TorchTensors

Road = Callable[[tuple[Any, ...]], Any]


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

    def road(self, direct: Direct) -> Road:
        """The direct calls of an API, for tensors that nothing records."""
        has_gradient = any(
            DTYPES[dtype].is_floating_point for output in direct.outputs for dtype in output.dtypes
        )
        try:
            call = direct.of_objects(_object_tensors(has_gradient))
        except (AttributeError, RuntimeError, ValueError):
            return lambda values: None  # this PyTorch has no table of DLPack, or one unknown here
        if direct.on_device is not None and cuda_library_path() is not None:
            on_device = device_road(direct.on_device)
            call = _by_device(call, on_device, direct.tensors, has_gradient)

        # The compiler cannot see through native code, so it must not come there.
        def road(values: tuple[Any, ...]) -> Any:
            return None if is_dynamo_compiling() else call(values)

        def road_with_gradient(values: tuple[Any, ...]) -> Any:
            if is_dynamo_compiling() or forward_ad._current_level >= 0:
                return None
            return call(values)

        is_dynamo_compiling = torch.compiler.is_dynamo_compiling
        return road_with_gradient if has_gradient else road


@cache
def _object_tensors(has_gradient: bool) -> Any:
    """How native code reads and makes plain tensors, and what it asks whether they are plain.

    The memory of a lazily negated tensor holds the opposite of its values.
    """
    states = (torch._C._len_torch_dispatch_stack, torch._C._is_tracing)
    records = torch.is_grad_enabled if has_gradient else None
    table = Tensor.__dlpack_c_exchange_api__
    settings = (table, (Tensor, Parameter), states, Tensor.is_neg, records, "requires_grad")
    return object_tensors("exchanged_tensors", settings)


def _by_device(
    on_host: Road, on_device: Road, tensors: tuple[int, ...], has_gradient: bool
) -> Road:
    """The road of the device that the first tensor is on.

    The road on a GPU asks here what native code on the host asks by itself.
    """
    first = tensors[0]

    def call(values: tuple[Any, ...]) -> Any:
        if not values[first].is_cuda:
            return on_host(values)
        if dispatch_stack_length() or is_tracing():
            return None
        wants_gradient = has_gradient and is_grad_enabled()
        for place in tensors:
            tensor = values[place]
            kind = type(tensor)
            if (kind is not Tensor and kind is not Parameter) or tensor.is_neg():
                return None
            if wants_gradient and tensor.requires_grad:
                return None
        return on_device(values)

    dispatch_stack_length = torch._C._len_torch_dispatch_stack
    is_tracing = torch._C._is_tracing
    is_grad_enabled = torch.is_grad_enabled
    return call


LAYER = TorchLayer()
