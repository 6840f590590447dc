"""Cells with a `bprop` of their own: what it returns are the gradients of the inputs."""

from __future__ import annotations

from typing import Any

import torch

from opsbridge.mindspore.nn.plain import as_tensor


def construct_with_bprop(cell: Any, inputs: tuple[Any, ...]) -> Any:
    """Return the outputs of `cell.construct`, whose gradients `cell.bprop` gives."""
    return _as_tensors(_ByBprop.apply(cell, *inputs))


class _ByBprop(torch.autograd.Function):  # type: ignore[misc,unused-ignore]
    """`bprop(*inputs, out, dout)` as PyTorch's backward; parameters of the cell get nothing."""

    @staticmethod
    def forward(ctx: Any, cell: Any, *inputs: Any) -> Any:
        with torch.no_grad():
            outputs = cell.construct(*_as_tensors(inputs))
        ctx.cell, ctx.inputs, ctx.outputs = cell, _detached(inputs), _detached(outputs)
        return tuple(outputs) if isinstance(outputs, tuple | list) else outputs

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        many = isinstance(ctx.outputs, tuple | list)
        given = _as_tensors(gradients if many else gradients[0])
        found = ctx.cell.bprop(*ctx.inputs, ctx.outputs, given)
        found = found if isinstance(found, tuple | list) else (found,)
        of_inputs = [
            value if isinstance(each, torch.Tensor) and each.is_floating_point() else None
            for value, each in zip(found, ctx.inputs, strict=True)
        ]
        return (None, *of_inputs)


def _as_tensors(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return as_tensor(value)
    return type(value)(map(_as_tensors, value)) if isinstance(value, tuple | list) else value


def _detached(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return as_tensor(value.detach())
    return type(value)(map(_detached, value)) if isinstance(value, tuple | list) else value
