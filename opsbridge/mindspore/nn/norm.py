"""Normalisations that keep no statistics: LayerNorm, GroupNorm, InstanceNorm1d to 3d."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import torch
from torch.nn import functional

from opsbridge.errors import ArgumentError
from opsbridge.mindspore.initializer import initializer
from opsbridge.mindspore.names import look_up
from opsbridge.mindspore.nn.cell import Cell
from opsbridge.mindspore.nn.from_table import from_table
from opsbridge.mindspore.nn.plain import as_tensor, plain
from opsbridge.mindspore.parameter import Parameter
from opsbridge.mindspore.tensors import Tensor

__all__ = ["GroupNorm", "InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d", "LayerNorm"]


@from_table
class LayerNorm(Cell):
    """Normalise over the axes from `begin_norm_axis`, then scale by gamma and add beta.

    gamma and beta have `normalized_shape`, which may cover more axes than are normalised over;
    epsilon is 1e-7 by default.
    """

    def __init__(
        self,
        *,
        normalized_shape: Any,
        begin_norm_axis: int,
        begin_params_axis: int,
        gamma_init: Any,
        beta_init: Any,
        epsilon: float,
        dtype: torch.dtype,
    ) -> None:
        super().__init__()
        if not isinstance(normalized_shape, tuple | list) or not normalized_shape:
            raise ArgumentError(
                f"LayerNorm: normalized_shape is {normalized_shape!r};"
                " it must be a non-empty tuple or list"
            )
        self.normalized_shape = normalized_shape
        self.begin_norm_axis, self.begin_params_axis = begin_norm_axis, begin_params_axis
        self.epsilon = epsilon
        self.gamma = Parameter(initializer(gamma_init, normalized_shape, dtype), name="gamma")
        self.beta = Parameter(initializer(beta_init, normalized_shape, dtype), name="beta")

    @cached_property
    def layer_norm(self) -> Any:
        """The operator that MindSpore's layer calls; layers that derive from it do, too."""
        make = look_up("mindspore.ops.LayerNorm")
        return make(self.begin_norm_axis, self.begin_params_axis, self.epsilon)

    def construct(self, input_x: Any) -> Tensor:
        """Return the normalised input, of its shape."""
        values = plain(input_x)
        shape = tuple(values.shape)[self.begin_norm_axis :]
        normal = functional.layer_norm(values, shape, None, None, self.epsilon)
        return as_tensor(normal * plain(self.gamma) + plain(self.beta))


@from_table
class GroupNorm(Cell):
    """Normalise over the channels of each group and all places, then scale each channel.

    affine=False keeps gamma and beta, untrained.
    """

    def __init__(
        self,
        *,
        num_groups: int,
        num_channels: int,
        eps: float,
        affine: bool,
        gamma_init: Any,
        beta_init: Any,
        dtype: torch.dtype,
    ) -> None:
        super().__init__()
        if num_channels % num_groups:
            raise ArgumentError(
                f"GroupNorm: num_groups is {num_groups}; it must divide num_channels {num_channels}"
            )
        self.num_groups, self.num_channels, self.eps = num_groups, num_channels, eps
        gamma = initializer(gamma_init, num_channels, dtype)
        beta = initializer(beta_init, num_channels, dtype)
        self.gamma = Parameter(gamma, name="gamma", requires_grad=affine)
        self.beta = Parameter(beta, name="beta", requires_grad=affine)

    def construct(self, x: Any) -> Tensor:
        """Return the normalised x (N, C, H, W)."""
        return as_tensor(
            functional.group_norm(
                plain(x), self.num_groups, plain(self.gamma), plain(self.beta), self.eps
            )
        )


class _InstanceNorm(Cell):
    """Normalise each channel of each example over its places, then scale each channel.

    affine=False keeps gamma and beta, untrained. `momentum` counts for no result.
    """

    _rank = 4

    def __init__(
        self,
        *,
        num_features: int,
        eps: float,
        momentum: float,
        affine: bool,
        gamma_init: Any,
        beta_init: Any,
        dtype: torch.dtype,
    ) -> None:
        super().__init__()
        if not 0 <= momentum <= 1:
            raise ArgumentError(f"{self.cls_name}: momentum is {momentum}; it must be in [0, 1]")
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        gamma = initializer(gamma_init, num_features, dtype)
        beta = initializer(beta_init, num_features, dtype)
        self.gamma = Parameter(gamma, name="gamma", requires_grad=affine)
        self.beta = Parameter(beta, name="beta", requires_grad=affine)

    def construct(self, x: Any) -> Tensor:
        """Return the normalised x (N, C, ...)."""
        values = plain(x)
        if values.dim() != self._rank:
            raise ArgumentError(
                f"{self.cls_name}: x has {values.dim()} dimensions; it must have {self._rank}"
            )
        return as_tensor(
            functional.instance_norm(
                values, weight=plain(self.gamma), bias=plain(self.beta), eps=self.eps
            )
        )


@from_table
class InstanceNorm1d(_InstanceNorm):
    """Normalise each channel of each sequence (N, C, L)."""

    _rank = 3


@from_table
class InstanceNorm2d(_InstanceNorm):
    """Normalise each channel of each image (N, C, H, W)."""


@from_table
class InstanceNorm3d(_InstanceNorm):
    """Normalise each channel of each volume (N, C, D, H, W)."""

    _rank = 5
