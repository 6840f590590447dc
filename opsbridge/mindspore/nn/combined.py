"""Layers that are several in a row: with a normalisation and an activation, or over time."""

from __future__ import annotations

from typing import Any

import torch

from opsbridge.errors import ArgumentError, DtypeError
from opsbridge.mindspore.calls import Primitive
from opsbridge.mindspore.names import look_up
from opsbridge.mindspore.nn.activation import get_activation
from opsbridge.mindspore.nn.cell import Cell
from opsbridge.mindspore.nn.plain import as_tensor, plain
from opsbridge.mindspore.tensors import Tensor

__all__ = ["Conv2dBnAct", "DenseBnAct", "TimeDistributed"]


class _Combined(Cell):
    """What comes behind a layer: a normalisation and an activation, where they are asked for."""

    def _end(self, norm: Any, activation: Any, alpha: float, after_fake: bool) -> None:
        self.has_bn, self.has_act = norm is not None, activation is not None
        self.after_fake = after_fake
        if norm is not None:
            self.batchnorm = norm
        if activation == "leakyrelu":
            activation = look_up("mindspore.nn.LeakyReLU")(alpha)
        elif isinstance(activation, str):
            activation = get_activation(activation)
        if activation is not None and not isinstance(activation, Cell | Primitive):
            kind = type(activation).__name__
            raise DtypeError(
                f"{self.cls_name}: activation is a {kind}; it must be a name, Cell or Primitive"
            )
        self.activation: Any = activation

    def _ended(self, x: Any) -> Any:
        x = self.batchnorm(x) if self.has_bn else x
        return self.activation(x) if self.has_act else x


class Conv2dBnAct(_Combined):
    """A Conv2d, then a BatchNorm2d with has_bn, then an activation.

    Args:
        in_channels, out_channels, kernel_size, stride, pad_mode, padding, dilation, group,
            has_bias, weight_init, bias_init: those of Conv2d.
        has_bn, momentum, eps: whether there is a normalisation, and its settings.
        activation: a name that get_activation knows, a Cell or Primitive; None for none.
        alpha: the slope of leakyrelu.
        after_fake: for quantization; ignored.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        pad_mode: str = "same",
        padding: Any = 0,
        dilation: Any = 1,
        group: int = 1,
        has_bias: bool = False,
        weight_init: Any = "normal",
        bias_init: Any = "zeros",
        has_bn: bool = False,
        momentum: float = 0.997,
        eps: float = 1e-5,
        activation: Any = None,
        alpha: float = 0.2,
        after_fake: bool = True,
    ) -> None:
        super().__init__()
        self.conv = look_up("mindspore.nn.Conv2d")(
            in_channels, out_channels, kernel_size, stride, pad_mode, padding, dilation, group,
            has_bias, weight_init, bias_init,
        )  # fmt: skip
        norm = look_up("mindspore.nn.BatchNorm2d")(out_channels, eps, momentum) if has_bn else None
        self._end(norm, activation, alpha, after_fake)

    def construct(self, x: Any) -> Any:
        """Return what the layers make of x (N, C, H, W)."""
        return self._ended(self.conv(x))


class DenseBnAct(_Combined):
    """A Dense layer, then a BatchNorm1d with has_bn, then an activation, as in Conv2dBnAct."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        weight_init: Any = "normal",
        bias_init: Any = "zeros",
        has_bias: bool = True,
        has_bn: bool = False,
        momentum: float = 0.9,
        eps: float = 1e-5,
        activation: Any = None,
        alpha: float = 0.2,
        after_fake: bool = True,
    ) -> None:
        super().__init__()
        self.dense = look_up("mindspore.nn.Dense")(
            in_channels, out_channels, weight_init, bias_init, has_bias
        )
        norm = look_up("mindspore.nn.BatchNorm1d")(out_channels, eps, momentum) if has_bn else None
        self._end(norm, activation, alpha, after_fake)

    def construct(self, x: Any) -> Any:
        """Return what the layers make of x (N, C)."""
        return self._ended(self.dense(x))


class TimeDistributed(Cell):
    """A layer on every step of a sequence.

    Args:
        layer: a Cell or Primitive, called once for each step.
        time_axis: the axis of the steps.
        reshape_with_axis: must be None: the way over one call of all steps is not covered.
    """

    def __init__(self, layer: Any, time_axis: int, reshape_with_axis: int | None = None) -> None:
        super().__init__()
        if not isinstance(layer, Cell | Primitive):
            kind = type(layer).__name__
            raise DtypeError(f"TimeDistributed: layer is a {kind}; it must be a Cell or Primitive")
        if reshape_with_axis is not None:
            raise ArgumentError(
                "TimeDistributed: reshape_with_axis is not covered; it must be None"
            )
        self.layer: Any = layer
        self.time_axis, self.reshape_with_axis = time_axis, reshape_with_axis

    def construct(self, inputs: Any) -> Tensor:
        """Return the results of all steps along the same axis."""
        values = plain(inputs)
        axis = self.time_axis % values.dim()
        steps = [plain(self.layer(as_tensor(step))) for step in values.unbind(axis)]
        return as_tensor(torch.stack(steps, axis))
