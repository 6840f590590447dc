"""Images at another size, by the rules that MindSpore has and PyTorch lacks."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

from opsbridge.mindspore.converters import to_ints
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
