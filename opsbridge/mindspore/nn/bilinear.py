"""Bilinear resizing with the three rules of where a new pixel lies between old ones."""

from __future__ import annotations

from typing import Any

import torch


def resize_bilinear(
    images: torch.Tensor, size: tuple[int, int], align_corners: bool, half_pixel_centers: bool
) -> torch.Tensor:
    """Return images (N, C, H, W) at `size` (height, width).

    With align_corners the corner pixels keep their places; with half_pixel_centers pixels are areas
    (PyTorch's align_corners=False); with neither, place i comes from i * old / new. Half precision
    is rounded once, at the end.
    """
    dtype, images = images.dtype, images.to(torch.promote_types(images.dtype, torch.float32))
    if align_corners or half_pixel_centers:
        resized: torch.Tensor = torch.nn.functional.interpolate(
            images, size=size, mode="bilinear", align_corners=align_corners
        )
        return resized.to(dtype)
    rows = _places(images.shape[2], int(size[0]), images)
    columns = _places(images.shape[3], int(size[1]), images)
    top, bottom = images.index_select(2, rows[0]), images.index_select(2, rows[1])
    down, right = rows[2].reshape(-1, 1), columns[2]

    def across(lines: torch.Tensor) -> torch.Tensor:
        left = lines.index_select(3, columns[0])
        return left + (lines.index_select(3, columns[1]) - left) * right

    upper = across(top)
    return (upper + (across(bottom) - upper) * down).to(dtype)


def _places(old: int, new: int, like: torch.Tensor) -> Any:
    """Return the lower and upper neighbours of each new place, and its distance from the lower."""
    places = torch.arange(new, device=like.device, dtype=torch.float32) * (old / new)
    lower = places.floor().long().clamp(max=old - 1)
    return lower, (lower + 1).clamp(max=old - 1), (places - lower).to(like.dtype)
