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
from opsbridge.errors import OpsbridgeError
from opsbridge.frameworks.torch_library import run_recorded
from opsbridge.frameworks.torch_tensors import TorchTensors


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


def _has_tangent(tensors: tuple[Tensor, ...]) -> bool:
    """Forward-mode differentiation is on; the dispatcher would let its tangents vanish."""
    return forward_ad._current_level >= 0 and any(
        forward_ad.unpack_dual(tensor).tangent is not None for tensor in tensors
    )


class TorchLayer(TorchTensors):
    """The layer of `torch.Tensor`."""

    def run(self, operator: str, **arguments: Any) -> tuple[Any, ...]:
        """Call a core operator on tensors."""
        tensors = tuple(value for value in arguments.values() if isinstance(value, Tensor))
        if _has_tangent(tensors):
            raise OpsbridgeError(
                f"{arguments['caller'].operator}: there is no forward-mode derivative; "
                "use reverse mode"
            )
        if _is_recorded(tensors):
            return run_recorded(OPERATORS[operator], arguments)
        with torch.no_grad():
            return OPERATORS[operator].run(self, **arguments)


LAYER = TorchLayer()
