"""Normalisations whose weights are inputs: LayerNorm, BatchNorm; and bounds on norms."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

from opsbridge.mindspore.converters import to_axes, to_number
from opsbridge.mindspore.nn.lengths import check_one_of


def layer_norm(
    input_x: torch.Tensor,
    gamma: torch.Tensor,
    beta: torch.Tensor,
    begin_norm_axis: int,
    begin_params_axis: int,
    epsilon: float,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return the normalised input, and the mean and variance of each part, axes kept."""
    axes = tuple(range(begin_norm_axis % input_x.dim(), input_x.dim()))
    shape = tuple(input_x.shape[axes[0] :])
    normal = functional.layer_norm(input_x, shape, None, None, epsilon)
    variance, mean = torch.var_mean(input_x, axes, correction=0, keepdim=True)
    return normal * gamma + beta, mean, variance


def batch_norm(
    input_x: torch.Tensor,
    scale: torch.Tensor,
    bias: torch.Tensor,
    mean: torch.Tensor,
    variance: torch.Tensor,
    is_training: bool,
    epsilon: float,
    momentum: float,
    data_format: str,
) -> tuple[torch.Tensor, ...]:
    """Return the normalised input, the two statistics twice, as the operator does."""
    result = functional.batch_norm(
        input_x, mean, variance, scale, bias, is_training, momentum, epsilon
    )
    return result, mean, variance, mean, variance


def norm(input: torch.Tensor, axis: Any, p: Any, keep_dims: bool, epsilon: float) -> torch.Tensor:
    """Return the p-norm along axes."""
    return torch.linalg.vector_norm(input, ord=p, dim=to_axes(axis), keepdim=keep_dims)


def vector_norm(A: torch.Tensor, ord: Any, dim: Any, keepdim: bool) -> torch.Tensor:
    """Return a norm of vectors along an axis, or of matrices along two."""
    return torch.linalg.norm(A, ord=ord, dim=to_axes(dim), keepdim=keepdim)


def clip_by_norm(
    x: Any, max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False
) -> Any:
    """Return tensors scaled down so that their common norm is at most max_norm."""
    parts = x if isinstance(x, tuple | list) else (x,)
    norms = torch.stack([torch.linalg.vector_norm(part, norm_type) for part in parts])
    factor = max_norm / (torch.linalg.vector_norm(norms, norm_type) + 1e-6)
    scaled = [part * factor.clamp(max=1.0) for part in parts]
    return type(x)(scaled) if isinstance(x, tuple | list) else scaled[0]


def clip_by_global_norm(x: Any, clip_norm: Any, use_norm: Any = None) -> tuple[Any, ...]:
    """Return tensors scaled by clip_norm over their common norm, where that is larger."""
    squares = torch.stack([(part * part).sum() for part in x])
    total = torch.sqrt(squares.sum())
    bound = torch.maximum(total, torch.full_like(total, float(to_number(clip_norm))))
    return tuple(part * to_number(clip_norm) / bound for part in x)


def local_response_norm(
    x: torch.Tensor, depth_radius: int, bias: float, alpha: float, beta: float, norm_region: str
) -> torch.Tensor:
    """Return x over (bias + alpha * sum of squares of 2 * depth_radius + 1 channels) ** beta."""
    check_one_of("LRN", "norm_region", norm_region, ("ACROSS_CHANNELS",))
    size = 2 * depth_radius + 1  # PyTorch's alpha is for the mean of them
    return functional.local_response_norm(x, size, alpha * size, beta, bias)
