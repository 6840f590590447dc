"""Layers on images: how near two are, their gradients, their middle."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

from opsbridge.errors import ArgumentError
from opsbridge.mindspore.nn.cell import Cell
from opsbridge.mindspore.nn.plain import as_tensor, plain
from opsbridge.mindspore.parameter import Parameter
from opsbridge.mindspore.tensors import Tensor

__all__ = ["PSNR", "SSIM", "CentralCrop", "ImageGradients"]


class ImageGradients(Cell):
    """How images (N, C, H, W) change to the next row, and to the next column; 0 at the end."""

    def construct(self, images: Any) -> tuple[Tensor, Tensor]:
        """Return both, in the shape of the images."""
        values = plain(images)
        _check_images(self.cls_name, values)
        down = functional.pad(values.diff(dim=2), (0, 0, 0, 1))
        right = functional.pad(values.diff(dim=3), (0, 1))
        return as_tensor(down), as_tensor(right)


class CentralCrop(Cell):
    """The middle of images (C, H, W) or (N, C, H, W).

    Args:
        central_fraction: the share of each side that is kept, in (0, 1].
    """

    def __init__(self, central_fraction: float) -> None:
        super().__init__()
        if not 0 < central_fraction <= 1:
            raise ArgumentError(
                f"CentralCrop: central_fraction is {central_fraction}; it must be in (0, 1]"
            )
        self.central_fraction = central_fraction

    def construct(self, image: Any) -> Tensor:
        """Return the middle."""
        values = plain(image)
        if values.dim() not in (3, 4):
            raise ArgumentError(
                f"CentralCrop: image has {values.dim()} dimensions; it must have 3 or 4"
            )
        height, width = values.shape[-2:]
        top, left = (
            int((length - length * self.central_fraction) / 2) for length in (height, width)
        )
        return as_tensor(values[..., top : height - top, left : width - left])


class _Nearness(Cell):
    """What compares two images whose largest possible value is max_val."""

    def __init__(self, max_val: float = 1.0) -> None:
        super().__init__()
        if max_val <= 0:
            raise ArgumentError(f"{self.cls_name}: max_val is {max_val}; it must be positive")
        self.max_val = max_val

    def pair(self, img1: Any, img2: Any) -> tuple[torch.Tensor, torch.Tensor, float]:
        """Return both as float32 and the largest value; integers are shares of their type's."""
        one, other = plain(img1), plain(img2)
        if one.shape != other.shape or one.dtype != other.dtype:
            raise ArgumentError(f"{self.cls_name}: img1 and img2 must have one shape and dtype")
        _check_images(self.cls_name, one)
        whole = 1.0 if one.is_floating_point() else float(torch.iinfo(one.dtype).max)
        return one.float() / whole, other.float() / whole, self.max_val / whole


class PSNR(_Nearness):
    """10 * log10(max_val ** 2 / mean squared difference) of each pair of images (N, C, H, W)."""

    def construct(self, img1: Any, img2: Any) -> Tensor:
        """Return one number for each pair."""
        one, other, largest = self.pair(img1, img2)
        error = (one - other).square().mean((-3, -2, -1))
        return as_tensor(10 * torch.log10(largest**2 / error))


class SSIM(_Nearness):
    """The structural similarity of each pair of images (N, C, H, W), the mean over places.

    Args:
        max_val: the largest value of a pixel.
        filter_size, filter_sigma: length and deviation of the Gaussian window.
        k1, k2: how much of max_val keeps the two quotients finite.
    """

    def __init__(
        self,
        max_val: float = 1.0,
        filter_size: int = 11,
        filter_sigma: float = 1.5,
        k1: float = 0.01,
        k2: float = 0.03,
    ) -> None:
        super().__init__(max_val)
        if filter_size < 1 or filter_sigma <= 0:
            raise ArgumentError(
                f"SSIM: filter_size is {filter_size}, filter_sigma is {filter_sigma};"
                " both must be positive"
            )
        self.filter_size, self.filter_sigma = filter_size, filter_sigma
        self.k1, self.k2 = k1, k2
        self.conv = _Window(filter_size, filter_sigma)

    def construct(self, img1: Any, img2: Any) -> Tensor:
        """Return one number for each pair."""
        one, other, largest = self.pair(img1, img2)
        if min(one.shape[2:]) < self.filter_size:
            raise ArgumentError(
                f"SSIM: img1 is {tuple(one.shape)}; its sides must be at least {self.filter_size}"
            )
        small, smaller = (self.k1 * largest) ** 2, (self.k2 * largest) ** 2
        means = [self.conv.means(each) for each in (one, other)]
        products = means[0] * means[0], means[1] * means[1], means[0] * means[1]
        spreads = [
            self.conv.means(each) - product
            for each, product in zip((one * one, other * other, one * other), products, strict=True)
        ]
        light = (2 * products[2] + small) / (products[0] + products[1] + small)
        shape = (2 * spreads[2] + smaller) / (spreads[0] + spreads[1] + smaller)
        return as_tensor((light * shape).mean((2, 3)).mean(-1))


class _Window(Cell):
    """The means of images under a Gaussian window, whose weight is not trained."""

    def __init__(self, size: int, sigma: float) -> None:
        super().__init__()
        places = torch.arange(1 + -size // 2, 1 + size // 2, dtype=torch.float32)
        bell = torch.exp(-(places**2) / (2 * sigma**2))
        window = bell[:, None] * bell[None, :]
        self.weight = Parameter(as_tensor((window / window.sum())[None, None]), "weight", False)

    def means(self, images: torch.Tensor) -> torch.Tensor:
        """Return the means of each channel at all places that the window fits."""
        count = images.shape[1]
        weight = plain(self.weight).expand(count, -1, -1, -1)
        return functional.conv2d(images, weight, groups=count)


def _check_images(owner: str, values: torch.Tensor) -> None:
    if values.dim() != 4:
        raise ArgumentError(f"{owner}: images have {values.dim()} dimensions; they must have 4")
