"""Convolutions: Conv1d, Conv2d, Conv3d."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import torch
from torch.nn import functional

from opsbridge.errors import ArgumentError
from opsbridge.mindspore.initializer import HeUniform, Uniform, fans, initializer
from opsbridge.mindspore.names import look_up
from opsbridge.mindspore.nn.cell import Cell
from opsbridge.mindspore.nn.from_table import from_table
from opsbridge.mindspore.nn.lengths import check_one_of, for_each_axis, pad_list, same_padding
from opsbridge.mindspore.nn.plain import as_tensor, plain
from opsbridge.mindspore.parameter import Parameter
from opsbridge.mindspore.tensors import Tensor

__all__ = ["Conv1d", "Conv2d", "Conv3d"]

_PAD_MODES = ("same", "valid", "pad")


class Convolution(Cell):
    """What all convolutions share: the weight, the bias and the padding arguments.

    pad_mode "same" gives ceil(length / stride) outputs and pads more after than before, "valid"
    pads nothing, "pad" pads by `padding`: one number, or (before, after) of every axis in order.
    """

    _axes = 2
    _layouts = ("NCHW",)
    _transposed = False

    def __init__(
        self,
        *,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any,
        pad_mode: str,
        padding: Any,
        dilation: Any,
        group: int,
        has_bias: bool,
        weight_init: Any,
        bias_init: Any,
        dtype: torch.dtype,
        data_format: str = "NCHW",
    ) -> None:
        super().__init__()
        owner, axes = self.cls_name, self._axes
        self.in_channels, self.out_channels = in_channels, out_channels
        self._sizes = for_each_axis(owner, "kernel_size", kernel_size, axes)
        self._steps = for_each_axis(owner, "stride", stride, axes)
        self._gaps = for_each_axis(owner, "dilation", dilation, axes)
        self.kernel_size, self.stride, self.dilation = self._sizes, self._steps, self._gaps
        self.pad_mode = check_one_of(owner, "pad_mode", pad_mode, _PAD_MODES)
        self.padding = padding
        self.group = group
        self.has_bias = has_bias
        self.data_format = check_one_of(owner, "data_format", data_format, self._layouts)
        self._pairs = _padding_pairs(owner, pad_mode, padding, axes)
        if in_channels % group or out_channels % group:
            raise ArgumentError(
                f"{owner}: group is {group}; it must divide in_channels {in_channels} and"
                f" out_channels {out_channels}"
            )
        self.weight_init = HeUniform(math.sqrt(5)) if weight_init is None else weight_init
        shape = self._weight_shape()
        self.weight = Parameter(self._first_weight(shape, dtype), name="weight")
        self.bias_init = bias_init
        self.bias: Any = None
        if has_bias:
            if bias_init is None:
                self.bias_init = Uniform(1 / math.sqrt(fans(shape)[0]))
            self.bias = Parameter(initializer(self.bias_init, [out_channels], dtype), name="bias")

    def _weight_shape(self) -> tuple[int, ...]:
        channels = (self.out_channels, self.in_channels // self.group)
        if self._transposed:
            channels = (self.in_channels, self.out_channels // self.group)
        return (*channels, *self._sizes)

    def _first_weight(self, shape: tuple[int, ...], dtype: torch.dtype) -> Any:
        return initializer(self.weight_init, shape, dtype)

    def construct(self, x: Any) -> Tensor:
        """Convolve x (N, C, ...) with the weight."""
        values = plain(x)
        pairs = self._pairs
        if self.pad_mode == "same":
            pairs = same_padding(tuple(values.shape[2:]), self._sizes, self._steps, self._gaps)
        symmetric = all(before == after for before, after in pairs)
        if not symmetric:
            values = functional.pad(values, pad_list(pairs))
        padding = [before for before, _ in pairs] if symmetric else [0] * self._axes
        convolve = (functional.conv1d, functional.conv2d, functional.conv3d)[self._axes - 1]
        return as_tensor(
            convolve(  # type: ignore[operator,unused-ignore]
                values, self._filter(), plain(self.bias), self._steps, padding, self._gaps,
                self.group,
            )
        )  # fmt: skip

    def _filter(self) -> torch.Tensor:
        weight: torch.Tensor = plain(self.weight)
        return weight

    @cached_property
    def bias_add(self) -> Any:
        """The operator that MindSpore's layer calls; layers that derive from it do, too."""
        return look_up("mindspore.ops.BiasAdd")()

    def extend_repr(self) -> str:
        """Return what the printed form says between the parentheses."""
        return (
            f"input_channels={self.in_channels}, output_channels={self.out_channels},"
            f" kernel_size={self.kernel_size}, stride={self.stride}, pad_mode={self.pad_mode},"
            f" padding={self.padding}, dilation={self.dilation}, group={self.group},"
            f" has_bias={self.has_bias}"
        )


@from_table
class Conv2d(Convolution):
    """Convolve images (N, C, H, W).

    The weight is (out_channels, in_channels // group, kernel height, kernel width). By default no
    bias, and padding so that a stride of 1 keeps the size. `padding` counts with pad_mode "pad"
    only: one number or (top, bottom, left, right).
    """

    @cached_property
    def conv2d(self) -> Any:
        """The operator that MindSpore's layer calls; layers that derive from it do, too."""
        pads = tuple(number for pair in self._pairs for number in pair)
        make = look_up("mindspore.ops.Conv2D")
        return make(
            self.out_channels, self._sizes, 1, self.pad_mode, pads, self._steps,
            self._gaps, self.group,
        )  # fmt: skip


@from_table
class Conv3d(Convolution):
    """Convolve volumes (N, C, D, H, W); `padding` is one number or 6, as in Conv2d."""

    _axes = 3
    _layouts = ("NCDHW",)


class OfSequences(Convolution):
    """A convolution along one axis, whose weight is that of images of height 1.

    A tensor for `weight_init` has no height.
    """

    _axes = 1

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        # The members are those of images of height 1.
        self.kernel_size, self.stride, self.dilation = (
            (1, *each) for each in (self._sizes, self._steps, self._gaps)
        )
        self.padding = (0, 0, *self._pairs[0])

    def _weight_shape(self) -> tuple[int, ...]:
        *channels, size = super()._weight_shape()
        return *channels, 1, size

    def _first_weight(self, shape: tuple[int, ...], dtype: torch.dtype) -> Any:
        if isinstance(self.weight_init, torch.Tensor):
            self.weight_init = plain(self.weight_init).unsqueeze(2)
        return super()._first_weight(shape, dtype)

    def _filter(self) -> torch.Tensor:
        return super()._filter().squeeze(2)


@from_table
class Conv1d(OfSequences):
    """Convolve sequences (N, C, L); the weight has four axes: (out, in, 1, kernel)."""


def _padding_pairs(owner: str, pad_mode: str, padding: Any, axes: int) -> list[tuple[int, int]]:
    """Return the (before, after) of each axis that `padding` asks for."""
    many = 2 * axes if isinstance(padding, tuple | list) and len(padding) == 2 * axes else axes
    numbers = for_each_axis(owner, "padding", padding, many, least=0)
    if pad_mode != "pad" and any(numbers):
        raise ArgumentError(
            f'{owner}: padding is {padding!r}, which counts with pad_mode "pad" only;'
            f" pad_mode is {pad_mode!r}"
        )
    if many == axes:
        return [(number, number) for number in numbers]
    return list(zip(numbers[::2], numbers[1::2], strict=True))
