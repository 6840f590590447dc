"""Bicubic resizing, by a table of weights in steps of 1/1024 of a pixel."""

from __future__ import annotations

import torch

_STEPS = 1024


def resize_bicubic(
    images: torch.Tensor, size: tuple[int, int], align_corners: bool, half_pixel_centers: bool
) -> torch.Tensor:
    """Return images (N, C, H, W) at `size` (height, width); half precision is rounded at the end.

    With half_pixel_centers the cubic's coefficient is -0.5, and pixels beyond the border do not
    count; else it is -0.75, and the border is repeated.
    """
    dtype, images = images.dtype, images.to(torch.promote_types(images.dtype, torch.float32))
    cubic = _weights(-0.5 if half_pixel_centers else -0.75).to(images.device)
    for axis, new in ((3, size[1]), (2, size[0])):
        places = _places(images.shape[axis], new, align_corners, half_pixel_centers)
        images = _resized(images, axis, places.to(images.device), cubic, half_pixel_centers)
    return images.to(dtype)


def _weights(coefficient: float) -> torch.Tensor:
    """Return the weights of the four neighbours at each step from the second to the third."""
    near = torch.arange(_STEPS + 1, dtype=torch.float64) / _STEPS
    far = near + 1
    a = coefficient
    inner = ((a + 2) * near - (a + 3)) * near * near + 1
    outer = ((a * far - 5 * a) * far + 8 * a) * far - 4 * a
    return torch.stack((outer, inner, inner.flip(0), outer.flip(0)), dim=1).float()


def _places(old: int, new: int, align_corners: bool, half_pixel_centers: bool) -> torch.Tensor:
    """Return where each new pixel lies between the old ones."""
    is_aligned = align_corners and new > 1
    lengths = (old - 1, new - 1) if is_aligned else (old, new)
    scale = torch.tensor(lengths[0], dtype=torch.float32) / lengths[1]
    places = torch.arange(new, dtype=torch.float32)
    return (places + 0.5) * scale - 0.5 if half_pixel_centers else places * scale


def _resized(
    images: torch.Tensor, axis: int, places: torch.Tensor, cubic: torch.Tensor, inside: bool
) -> torch.Tensor:
    """Return sums of four neighbours along an axis; `inside`, of those that there are."""
    first, last = places.floor(), images.shape[axis] - 1
    neighbours = first.long().unsqueeze(1) + torch.arange(-1, 3, device=images.device)
    weights = cubic[((places - first) * _STEPS).round().long()]
    if inside:
        weights = weights.masked_fill((neighbours < 0) | (neighbours > last), 0)
        weights = weights / weights.sum(1, keepdim=True)
    neighbours = neighbours.clamp(0, last)
    shape = [1] * images.dim()
    shape[axis] = -1
    parts = [
        images.index_select(axis, neighbours[:, k]) * weights[:, k].to(images.dtype).reshape(shape)
        for k in range(4)
    ]
    return parts[0] + parts[1] + parts[2] + parts[3]
