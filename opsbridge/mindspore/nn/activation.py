"""Activations that are more than one call of PyTorch, and `get_activation`."""

from __future__ import annotations

from typing import Any

import torch

from opsbridge.errors import ArgumentError, DtypeError
from opsbridge.mindspore.nn.cell import Cell
from opsbridge.mindspore.nn.plain import as_tensor, plain
from opsbridge.mindspore.parameter import Parameter
from opsbridge.mindspore.tensors import Tensor

__all__ = ["GELU", "FastGelu", "PReLU", "RReLU", "get_activation"]

_NAMED = {
    "softmin": "Softmin",
    "softmax": "Softmax",
    "softmax2d": "Softmax2d",
    "logsoftmax": "LogSoftmax",
    "relu": "ReLU",
    "relu6": "ReLU6",
    "silu": "SiLU",
    "tanh": "Tanh",
    "tanhshrink": "Tanhshrink",
    "hardtanh": "Hardtanh",
    "gelu": "GELU",
    "fast_gelu": "FastGelu",
    "elu": "ELU",
    "sigmoid": "Sigmoid",
    "softsign": "Softsign",
    "prelu": "PReLU",
    "leakyrelu": "LeakyReLU",
    "hswish": "HSwish",
    "hsigmoid": "HSigmoid",
    "logsigmoid": "LogSigmoid",
    "softshrink": "SoftShrink",
    "hshrink": "HShrink",
    "mish": "Mish",
}


def get_activation(name: str | None, prim_name: str | None = None) -> Any:
    """Return a new activation layer by its short name; None for None.

    Raises:
        KeyError: no activation has the name.

    Example:
        >>> get_activation("relu").cls_name
        'ReLU'
    """
    if name is None:
        return None
    if name not in _NAMED:
        raise KeyError(f"{prim_name or 'get_activation'}: name is {name!r}; not in {list(_NAMED)}")
    # The layers are built from the table by the package, which imports this module.
    from opsbridge.mindspore import nn

    return getattr(nn, _NAMED[name])()


class PReLU(Cell):
    """max(0, x) + w * min(0, x) with a trained w for each channel, or for all.

    Args:
        channel: 1 or the number of channels.
        w: start value: a float, a list of `channel` floats, or a tensor of them.
    """

    def __init__(self, channel: int = 1, w: Any = 0.25) -> None:
        super().__init__()
        if isinstance(w, float):
            w = [w] * channel
        if not isinstance(w, list | torch.Tensor):
            raise DtypeError(
                f"PReLU: w is a {type(w).__name__}; it must be a float, list or tensor"
            )
        start = plain(Tensor(w))
        if tuple(start.shape) != (channel,):
            raise ArgumentError(
                f"PReLU: w has shape {tuple(start.shape)}, but channel is {channel}"
            )
        self.w = Parameter(start, name="a")

    def construct(self, x: Any) -> Tensor:
        """Return x with its negative values scaled."""
        return as_tensor(torch.nn.functional.prelu(plain(x), plain(self.w).to(x.dtype)))


class FastGelu(Cell):
    """x / (1 + exp(-1.702 |x|)) * exp(0.851 (x - |x|))."""

    def construct(self, x: Any) -> Tensor:
        """Return the activated x."""
        values = plain(x)
        size = values.abs()
        return as_tensor(
            values / (1 + torch.exp(-1.702 * size)) * torch.exp(0.851 * (values - size))
        )


class GELU(Cell):
    """x times the share of the normal distribution below it; by tanh with `approximate`."""

    def __init__(self, approximate: bool = True) -> None:
        super().__init__()
        self.approximate = approximate

    def construct(self, x: Any) -> Tensor:
        """Return the activated x."""
        way = "tanh" if self.approximate else "none"
        return as_tensor(torch.nn.functional.gelu(plain(x), approximate=way))


class RReLU(Cell):
    """x where it is positive; elsewhere times a random slope, in training or not.

    Args:
        lower, upper: the bounds of the slopes.
    """

    def __init__(self, lower: float = 1 / 8, upper: float = 1 / 3) -> None:
        super().__init__()
        if lower > upper:
            raise ArgumentError(
                f"RReLU: lower is {lower}, upper is {upper}; lower must not be above"
            )
        self.lower, self.upper = lower, upper

    def construct(self, x: Any) -> Tensor:
        """Return x with other slopes at every call."""
        return as_tensor(torch.rrelu(plain(x), self.lower, self.upper, training=True))
