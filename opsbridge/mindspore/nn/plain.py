"""Layers compute on plain torch tensors: torch's own functions trip over MindSpore's methods."""

from __future__ import annotations

from typing import Any

import torch

from opsbridge.mindspore.tensors import Tensor


def plain(value: Any) -> Any:
    """Return a tensor as torch's own class, with gradients flowing through; None stays None."""
    if not isinstance(value, Tensor):
        return value
    if torch.compiler.is_compiling():
        # The compiler cannot follow as_subclass to torch's own class.
        with torch._C.DisableTorchFunctionSubclass():
            return torch.ops.aten.alias(value)
    return value.as_subclass(torch.Tensor)


def as_tensor(value: torch.Tensor) -> Tensor:
    """Return a torch tensor as a Tensor."""
    return value.as_subclass(Tensor)  # type: ignore[no-any-return,unused-ignore]
