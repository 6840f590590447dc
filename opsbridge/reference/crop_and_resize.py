"""Crops of images, resized to one size, in plain Python."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from opsbridge.errors import ArgumentError
from opsbridge.reference.rounding import Array

_F = np.float32


class _Tap(NamedTuple):
    """Two neighbours along one axis and the weight of the second."""

    low: int
    high: int
    weight: np.float32


def crop_and_resize(
    images: Array,
    boxes: Array,
    batch_indices: Array,
    crop_height: int,
    crop_width: int,
    extrapolation_value: float,
    *,
    method: str = "bilinear",
) -> Array:
    """Cut boxes out of images and resize each to the same height and width.

    Raises:
        ArgumentError: a box that is not finite, or a batch index that names no image.
    """
    if not (abs(boxes) <= 1e9).all():
        raise ArgumentError("crop_and_resize: box coordinates must be finite and within 1e9")
    crops = np.full((len(boxes), crop_height, crop_width, images.shape[3]), extrapolation_value, _F)
    for crop, (y1, x1, y2, x2), index in zip(crops, boxes, batch_indices, strict=True):
        if not 0 <= index < len(images):
            raise ArgumentError(f"crop_and_resize: batch index {index} names no image")
        image = images[int(index)].astype(_F)
        for row in range(crop_height):
            y = _tap(y1, y2, images.shape[1], crop_height, row, method)
            for column in range(crop_width):
                x = _tap(x1, x2, images.shape[2], crop_width, column, method)
                if y is not None and x is not None:
                    crop[row, column] = _mixed(image, y, x, method)
    return crops


def _tap(
    start: np.float32, end: np.float32, size: int, crop_size: int, place: int, method: str
) -> _Tap | None:
    """Where a pixel comes from along one axis; None outside the image."""
    if size == 0:
        return None
    if method == "bilinear_v2":
        return _whole_pixel_tap(start, end, size, crop_size, place)
    last = _F(size - 1)
    if crop_size == 1:
        position = _F(0.5) * (start + end) * last
    else:
        step = (end - start) * last / _F(crop_size - 1)
        position = start * last + _F(place) * step
    if not 0 <= position <= last:
        return None
    if method == "nearest":
        nearest = math.floor(float(position) + 0.5)
        return _Tap(nearest, nearest, _F(0))
    low = math.floor(position)
    return _Tap(low, math.ceil(position), position - _F(low))


def _whole_pixel_tap(
    start: np.float32, end: np.float32, size: int, crop_size: int, place: int
) -> _Tap:
    first, last = int(start * _F(size)), int(end * _F(size))
    length = max(last - first + 1, 1)
    position = (_F(place) + _F(0.5)) * (_F(length) / _F(crop_size)) - _F(0.5)
    low, high = (
        min(max(side, 0), length - 1) for side in (math.floor(position), math.ceil(position))
    )
    taken = [min(max(first + each, 0), size - 1) for each in (low, high)]
    return _Tap(taken[0], taken[1], position - _F(low))


def _mixed(image: Array, y: _Tap, x: _Tap, method: str) -> Any:
    low_low, low_high = image[y.low, x.low], image[y.low, x.high]
    high_low, high_high = image[y.high, x.low], image[y.high, x.high]
    one = _F(1)
    with np.errstate(all="ignore"):
        if method == "nearest":
            return low_low
        if method == "bilinear":
            low = low_low + (low_high - low_low) * x.weight
            high = high_low + (high_high - high_low) * x.weight
            return low + (high - low) * y.weight
        return (
            low_low * (one - y.weight) * (one - x.weight)
            + high_high * y.weight * x.weight
            + low_high * (one - y.weight) * x.weight
            + high_low * y.weight * (one - x.weight)
        )
