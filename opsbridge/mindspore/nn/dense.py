"""The fully connected layers: of one input, and of products of two."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import torch
from torch.nn import functional

from opsbridge.mindspore.initializer import HeUniform, Uniform, initializer
from opsbridge.mindspore.names import look_up
from opsbridge.mindspore.nn.activation import get_activation
from opsbridge.mindspore.nn.cell import Cell
from opsbridge.mindspore.nn.from_table import from_table
from opsbridge.mindspore.nn.plain import as_tensor, plain
from opsbridge.mindspore.parameter import Parameter
from opsbridge.mindspore.tensors import Tensor

__all__ = ["BiDense", "Dense", "Linear", "MatMul"]


@from_table
class Dense(Cell):
    """Multiply the last axis by the weight (out_channels, in_channels), add the bias, activate.

    Args:
        in_channels: length of the last axis of the input.
        out_channels: length of that of the output.
        weight_init: rule or tensor for the weight.
        bias_init: rule or tensor for the bias.
        has_bias: whether there is one.
        activation: a name that get_activation knows, a Cell or a function; None for none.
        dtype: type of the parameters.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        out_channels: int,
        weight_init: Any,
        bias_init: Any,
        has_bias: bool,
        activation: Any,
        dtype: torch.dtype,
    ) -> None:
        super().__init__()
        self.in_channels, self.out_channels, self.has_bias = in_channels, out_channels, has_bias
        rule = HeUniform(math.sqrt(5)) if weight_init is None else weight_init
        weight = initializer(rule, [out_channels, in_channels], dtype)
        self.weight = Parameter(weight, name="weight")
        self.bias: Any = None
        if has_bias:
            rule = Uniform(1 / math.sqrt(in_channels)) if bias_init is None else bias_init
            self.bias = Parameter(initializer(rule, [out_channels], dtype), name="bias")
        self.activation = get_activation(activation) if isinstance(activation, str) else activation
        self.activation_flag = self.activation is not None

    @cached_property
    def matmul(self) -> Any:
        """An operator that MindSpore's layer calls; layers that derive from it do, too."""
        return look_up("mindspore.ops.MatMul")(transpose_b=True)

    @cached_property
    def bias_add(self) -> Any:
        """An operator that MindSpore's layer calls; layers that derive from it do, too."""
        return look_up("mindspore.ops.BiasAdd")()

    def construct(self, x: Any) -> Any:
        """Compute activation(x @ weight.T + bias)."""
        result = as_tensor(functional.linear(plain(x), plain(self.weight), plain(self.bias)))
        return self.activation(result) if self.activation_flag else result

    def extend_repr(self) -> str:
        """Return what the printed form says between the parentheses."""
        text = f"input_channels={self.in_channels}, output_channels={self.out_channels}"
        text += f", has_bias={self.has_bias}" if self.has_bias else ""
        return text + (f", activation={self.activation}" if self.activation_flag else "")


@from_table
class Linear(Dense):
    """Multiply the last axis by the weight (out_features, in_features) and add the bias.

    Args:
        in_features: length of the last axis of the input.
        out_features: length of that of the output.
        bias: whether there is one.
        weight_init: rule or tensor for the weight.
        bias_init: rule or tensor for the bias.
        dtype: type of the parameters.
    """

    def __init__(
        self,
        *,
        in_features: int,
        out_features: int,
        bias: bool,
        weight_init: Any,
        bias_init: Any,
        dtype: Any,
    ) -> None:
        super().__init__(
            in_channels=in_features,
            out_channels=out_features,
            weight_init=weight_init,
            bias_init=bias_init,
            has_bias=bias,
            activation=None,
            dtype=dtype or torch.float32,
        )
        self.in_features, self.out_features = in_features, out_features

    def extend_repr(self) -> str:
        """Return what the printed form says between the parentheses."""
        text = f"input_features={self.in_features}, output_features={self.out_features}"
        return text + (f", has_bias={self.has_bias}" if self.has_bias else "")


@from_table
class BiDense(Cell):
    """Return input1 @ weight[o] @ input2 + bias[o] for each output o, along the last axes.

    The weight is (out_channels, in1_channels, in2_channels).
    """

    def __init__(
        self,
        *,
        in1_channels: int,
        in2_channels: int,
        out_channels: int,
        weight_init: Any,
        bias_init: Any,
        has_bias: bool,
        dtype: torch.dtype,
    ) -> None:
        super().__init__()
        self.in1_channels, self.in2_channels = in1_channels, in2_channels
        self.out_channels, self.has_bias = out_channels, has_bias
        rule = Uniform(1 / math.sqrt(in1_channels))
        shape = [out_channels, in1_channels, in2_channels]
        weight = initializer(rule if weight_init is None else weight_init, shape, dtype)
        self.weight = Parameter(weight, name="weight")
        self.bias: Any = None
        if has_bias:
            bias = initializer(rule if bias_init is None else bias_init, [out_channels], dtype)
            self.bias = Parameter(bias, name="bias")

    def construct(self, input1: Any, input2: Any) -> Any:
        """Compute the products of both inputs (..., in1_channels) and (..., in2_channels)."""
        inputs = plain(input1), plain(input2)
        return as_tensor(functional.bilinear(*inputs, plain(self.weight), plain(self.bias)))


class MatMul(Cell):
    """The product of matrices, or of stacks of them, one or both of them turned before."""

    def __init__(self, transpose_x1: bool = False, transpose_x2: bool = False) -> None:
        super().__init__()
        self.transpose_x1, self.transpose_x2 = transpose_x1, transpose_x2

    def construct(self, x1: Any, x2: Any) -> Tensor:
        """Return the product; lines have no second axis that could be turned."""
        pair = ((plain(x1), self.transpose_x1), (plain(x2), self.transpose_x2))
        one, other = (each.mT if turned and each.dim() > 1 else each for each, turned in pair)
        return as_tensor(torch.matmul(one, other))
