"""Layers of sums over axes: moments, norms, and what is divided by them."""

from __future__ import annotations

from typing import Any

import torch

from opsbridge.errors import ArgumentError, DtypeError
from opsbridge.mindspore.converters import to_axes
from opsbridge.mindspore.nn.cell import Cell
from opsbridge.mindspore.nn.plain import as_tensor, plain
from opsbridge.mindspore.normalizing import local_response_norm
from opsbridge.mindspore.tensors import Tensor

__all__ = ["LRN", "ClipByNorm", "L1Regularizer", "Moments", "ReduceLogSumExp"]


class Moments(Cell):
    """Mean and variance of float16 or float32 along axes; the mean has no part in the gradient of
    the variance.

    Args:
        axis: one or a tuple; all by default.
        keep_dims: whether the axes stay, with length 1.
    """  # fmt: skip

    def __init__(self, axis: Any = None, keep_dims: bool | None = None) -> None:
        super().__init__()
        self.axis, self.keep_dims = () if axis is None else axis, bool(keep_dims)

    def construct(self, x: Any) -> tuple[Tensor, Tensor]:
        """Return both, in the dtype of x."""
        values = plain(x)
        if values.dtype not in (torch.float16, torch.float32):
            raise DtypeError(f"Moments: x is {values.dtype}; it must be float16 or float32")
        axes = to_axes(self.axis)
        mean = values.float().mean(axes, keepdim=True)
        apart = (values.float() - mean.detach()).square()
        variance = apart.mean(axes, keepdim=self.keep_dims)
        mean = mean.reshape(variance.shape)
        return as_tensor(mean.to(values.dtype)), as_tensor(variance.to(values.dtype))


class ReduceLogSumExp(Cell):
    """log(sum(exp(x))) along axes."""

    def __init__(self, axis: Any, keep_dims: bool = False) -> None:
        super().__init__()
        self.axis, self.keep_dims = axis, keep_dims

    def construct(self, x: Any) -> Tensor:
        """Return the logarithm."""
        values, axes = plain(x), to_axes(self.axis)
        axes = tuple(range(values.dim())) if axes is None else axes
        return as_tensor(torch.logsumexp(values, axes, self.keep_dims))


class LRN(Cell):
    """x over (bias + alpha * sum of squares of 2 * depth_radius + 1 channels) ** beta."""

    def __init__(
        self,
        depth_radius: int = 5,
        bias: float = 1.0,
        alpha: float = 1.0,
        beta: float = 0.5,
        norm_region: str = "ACROSS_CHANNELS",
    ) -> None:
        super().__init__()
        self._settings = (depth_radius, bias, alpha, beta, norm_region)

    def construct(self, input_x: Any) -> Tensor:
        """Return the normalised images (N, C, H, W)."""
        return as_tensor(local_response_norm(plain(input_x), *self._settings))


class L1Regularizer(Cell):
    """scale * sum(|weights|)."""

    def __init__(self, scale: float) -> None:
        super().__init__()
        if not 0 < scale < float("inf"):
            raise ArgumentError(f"L1Regularizer: scale is {scale}; it must be positive and finite")
        self.scale = scale

    def construct(self, weights: Any) -> Tensor:
        """Return the sum."""
        return as_tensor(plain(weights).abs().sum() * self.scale)


class ClipByNorm(Cell):
    """x scaled down to norm clip_norm along axes, where its norm is larger; as float32.

    Args:
        axis: one or several; all by default.
    """

    def __init__(self, axis: Any = None) -> None:
        super().__init__()
        self.axis = axis

    def construct(self, x: Any, clip_norm: Any) -> Tensor:
        """Return x scaled."""
        values, bound = plain(x).float(), torch.as_tensor(plain(clip_norm)).float()
        axes = to_axes(self.axis)
        axes = tuple(range(values.dim())) if axes is None else axes
        length = values.square().sum(axes, keepdim=True).sqrt()
        return as_tensor(values * bound / torch.maximum(length, bound))
