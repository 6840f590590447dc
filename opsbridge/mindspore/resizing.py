"""Images at another size, by the rules that MindSpore has and PyTorch lacks."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch.nn import functional

from opsbridge.errors import ArgumentError
from opsbridge.mindspore.converters import to_ints
from opsbridge.mindspore.nn.bicubic import resize_bicubic
from opsbridge.mindspore.nn.bilinear import resize_bilinear


def nearest(
    input_x: torch.Tensor, size: Any, align_corners: bool, half_pixel_centers: bool
) -> torch.Tensor:
    """Return the pixel at floor(i * old / new), or the nearest between aligned corners."""
    size = to_ints(size)
    if half_pixel_centers:
        return functional.interpolate(input_x, size=size, mode="nearest-exact")
    if not align_corners:
        return functional.interpolate(input_x, size=size, mode="nearest")
    for axis, new in zip((2, 3), size, strict=True):
        scale = (input_x.shape[axis] - 1) / (new - 1) if new > 1 else 0.0
        places = torch.floor(torch.arange(new, device=input_x.device) * scale + 0.5).long()
        input_x = input_x.index_select(axis, places)
    return input_x


def bilinear(
    x: torch.Tensor, size: Any, align_corners: bool, half_pixel_centers: bool
) -> torch.Tensor:
    """Return pixels between their four neighbours; the size may be given as floats."""
    height, width = (int(each) for each in size)
    return resize_bilinear(x, (height, width), align_corners, half_pixel_centers)


def bicubic(
    image: torch.Tensor, size: Any, align_corners: bool, half_pixel_centers: bool
) -> torch.Tensor:
    """Return pixels between their sixteen neighbours."""
    height, width = to_ints(size)
    if align_corners and half_pixel_centers:
        raise ArgumentError(
            "ResizeBicubic: half_pixel_centers is True; it must be False with align_corners"
        )
    if min(height, width) < 1:
        raise ArgumentError(f"ResizeBicubic: size is {size!r}; both must be at least 1")
    return resize_bicubic(image, (height, width), align_corners, half_pixel_centers)


def interpolate(
    input: torch.Tensor,
    size: Any,
    scale_factor: Any,
    mode: str,
    align_corners: bool | None,
    recompute_scale_factor: bool | None,
) -> torch.Tensor:
    """Return images at another size; bicubic ones by MindSpore's rule, others by PyTorch's."""
    if mode != "bicubic" or input.dim() != 4:
        return functional.interpolate(
            input, size, scale_factor, mode, align_corners, recompute_scale_factor
        )
    if size is None:
        factors = (scale_factor,) * 2 if isinstance(scale_factor, float | int) else scale_factor
        lengths = zip(input.shape[2:], factors, strict=True)
        size = [math.floor(old * factor) for old, factor in lengths]
    height, width = (size,) * 2 if isinstance(size, int) else to_ints(size)
    aligned = bool(align_corners)
    return resize_bicubic(input, (height, width), aligned, not aligned)
