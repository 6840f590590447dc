"""PyTorch tensors: straight to native code in eager mode, through `torch.library` otherwise.

A raw native call would read the null pointer of a fake tensor and cut gradients silently, so only
plain tensors that nothing records take that road.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd import forward_ad

from opsbridge.core import OPERATORS
from opsbridge.frameworks.torch_library import run_recorded
from opsbridge.frameworks.torch_tensors import TorchTensors


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


def _widened(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.float() if value.dtype in (torch.float16, torch.bfloat16) else value
    return [_widened(each) for each in value] if isinstance(value, (list, tuple)) else value


class TorchLayer(TorchTensors):
    """The layer of `torch.Tensor`."""

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

    def narrowed(self, result: Tensor, like: Tensor) -> Tensor:
        return result.to(like.dtype)

    def run(self, operator: str, **arguments: Any) -> tuple[Any, ...]:
        """Call a core operator on tensors."""
        tensors = [value for value in arguments.values() if isinstance(value, Tensor)]
        if _is_recorded(tensors):
            return run_recorded(OPERATORS[operator], arguments)
        return OPERATORS[operator].run(self, **arguments)


LAYER = TorchLayer()
