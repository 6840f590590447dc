"""The way back from pooling: values at the places that they came from."""

from __future__ import annotations

from typing import Any

import torch

from opsbridge.errors import ArgumentError


def max_unpool(
    axes: int, x: torch.Tensor, indices: torch.Tensor, kernel_size: Any, stride: Any, padding: Any,
    output_size: Any,
) -> torch.Tensor:  # fmt: skip
    """Return zeros with x at its places in the plane or volume of each channel.

    Without output_size, a side is (length - 1) * stride - 2 * padding + kernel_size long.
    """
    given = (kernel_size, kernel_size if stride in (None, 0) else stride, padding)
    lengths = [(each,) * axes if isinstance(each, int) else tuple(each)[-axes:] for each in given]
    sides = tuple(output_size or ())[-axes:] or tuple(
        (length - 1) * step - 2 * pad + size
        for length, size, step, pad in zip(x.shape[-axes:], *lengths, strict=True)
    )
    count = torch.Size(sides).numel()
    places = indices.long().flatten(-axes)
    if bool(((places < 0) | (places >= count)).any()):
        raise ArgumentError(
            f"max_unpool{axes}d: indices must be in [0, {count}), the places of {sides}"
        )
    zeros = x.new_zeros((*x.shape[:-axes], count))
    return zeros.scatter(-1, places, x.flatten(-axes)).unflatten(-1, sides)


def max_unpool_1d(
    x: torch.Tensor, indices: torch.Tensor, kernel_size: Any, stride: Any, padding: Any,
    output_size: Any,
) -> torch.Tensor:  # fmt: skip
    """Return lines (N, C, L) or (C, L) with x at its places."""
    return max_unpool(1, x, indices, kernel_size, stride, padding, output_size)


def max_unpool_2d(
    x: torch.Tensor, indices: torch.Tensor, kernel_size: Any, stride: Any, padding: Any,
    output_size: Any,
) -> torch.Tensor:  # fmt: skip
    """Return images (N, C, H, W) or (C, H, W) with x at its places."""
    return max_unpool(2, x, indices, kernel_size, stride, padding, output_size)


def max_unpool_3d(
    x: torch.Tensor, indices: torch.Tensor, kernel_size: Any, stride: Any, padding: Any,
    output_size: Any,
) -> torch.Tensor:  # fmt: skip
    """Return volumes (N, C, D, H, W) or (C, D, H, W) with x at its places."""
    return max_unpool(3, x, indices, kernel_size, stride, padding, output_size)


def max_unpool_images(
    ksize: Any, strides: Any, pads: Any, output_shape: Any, data_format: str,
    x: torch.Tensor, argmax: torch.Tensor,
) -> torch.Tensor:  # fmt: skip
    """Return images with x at its places, as the operator MaxUnpool2D is set up."""
    if data_format != "NCHW":
        raise ArgumentError(f"MaxUnpool2D: data_format is {data_format!r}; it must be 'NCHW'")
    return max_unpool(2, x, argmax, ksize, strides, pads, output_shape)
