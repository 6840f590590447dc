"""Region of interest pooling and its gradient, one keyword per convention.

Each region becomes a grid of bins of whole pixels, and the pixels of a bin one value. Frameworks
differ in how corners become pixels and where bins are clipped.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from opsbridge.errors import ArgumentError
from opsbridge.reference.regions import held_scale, image_of_each, source_channels, widened

Array = npt.NDArray[Any]
Window = tuple[range, range]

LARGEST_CORNER = 2**31 - 1


def roi_pool(
    features: Array,
    rois: Array,
    pooled_height: int,
    pooled_width: int,
    spatial_scale: float = 1.0,
    *,
    batch_indices: Array | None = None,
    corner: str = "round_away",
    end_offset: int = 0,
    length_plus: int = 1,
    min_size: str = "one",
    clip_high: str = "size",
    gradient_clip_high: str = "same",
    pooling: str = "maximum",
    scale_type: str = "same",
    batch_rule: str = "integral",
    nonfinite: str = "refuse",
    accumulate: str = "same",
    channel_map: str = "same",
) -> Array:
    """Pool every region of (N, C, H, W) features into a (K, C, pooled_height, pooled_width) array.

    ``rois`` is (K, 5), batch index first, or (K, 4) with ``batch_indices``; position-sensitive
    features have one channel per bin for every channel of the result. The other keywords are the
    slots and axes of ``mappings/core/roi_pool.toml`` and default to torchvision's ``roi_pool``;
    ``gradient_clip_high`` does not matter here. Raises ``ArgumentError`` for a batch index outside
    the batch and for what the axes refuse.

    >>> import numpy as np
    >>> features = np.array([[[[1, 2], [3, 4]]]], np.float32)
    >>> roi_pool(features, np.array([[0, 0, 0, 1, 1]], np.float32), 1, 1)
    array([[[[4.]]]], dtype=float32)
    """
    stored, bins = features.dtype, (pooled_height, pooled_width)
    features, rois = widened(features, accumulate), widened(rois, accumulate)
    images = image_of_each(rois, batch_indices, len(features), batch_rule)
    channels = source_channels(channel_map, features.shape[1], bins)
    scale = held_scale(spatial_scale, scale_type, features.dtype)
    pooled = np.zeros((len(rois), len(channels), *bins), features.dtype)
    with np.errstate(all="ignore"):
        for row, y, x, window in windows(
            rois,
            bins,
            scale,
            features.shape[2:],
            clip_high,
            corner=corner,
            end_offset=end_offset,
            length_plus=length_plus,
            min_size=min_size,
            nonfinite=nonfinite,
        ):
            for place, channel in enumerate(channels[:, y, x]):
                value = pool_window(features[images[row], channel], window, pooling)
                pooled[row, place, y, x] = value
        return pooled.astype(stored)


def roi_pool_backward(
    gradient: Array,
    features: Array,
    rois: Array,
    pooled_height: int,
    pooled_width: int,
    spatial_scale: float = 1.0,
    *,
    batch_indices: Array | None = None,
    **axes: Any,
) -> Array:
    """The gradient of ``features`` from the ``gradient`` of the result of ``roi_pool``.

    Takes the axes of ``roi_pool`` with the same defaults.
    """
    rule = {
        name: parameter.default
        for name, parameter in inspect.signature(roi_pool).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY and name != "batch_indices"
    } | axes
    stored, bins = features.dtype, (pooled_height, pooled_width)
    gradient, features, rois = (
        widened(array, rule["accumulate"]) for array in (gradient, features, rois)
    )
    images = image_of_each(rois, batch_indices, len(features), rule["batch_rule"])
    channels = source_channels(rule["channel_map"], features.shape[1], bins)
    scale = held_scale(spatial_scale, rule["scale_type"], features.dtype)
    clip = rule["clip_high"] if rule["gradient_clip_high"] == "same" else "size"
    geometry = ("corner", "end_offset", "length_plus", "min_size", "nonfinite")
    conventions = {name: rule[name] for name in geometry}
    sums = np.zeros_like(features)
    with np.errstate(all="ignore"):
        for row, y, x, (ys, xs) in windows(
            rois, bins, scale, features.shape[2:], clip, **conventions
        ):
            for place, channel in enumerate(channels[:, y, x]):
                given, plane = gradient[row, place, y, x], (images[row], channel)
                if rule["pooling"] == "average" and ys and xs:
                    area = given.dtype.type(len(ys) * len(xs))
                    sums[plane][ys.start : ys.stop, xs.start : xs.stop] += given / area
                elif rule["pooling"] == "maximum":
                    pixel = largest_pixel(features[plane], (ys, xs))
                    if pixel is not None:
                        sums[plane][pixel] += given
        return sums.astype(stored)


def windows(
    rois: Array,
    bins: tuple[int, int],
    scale: Any,
    size: tuple[int, ...],
    clip: str,
    **conventions: Any,
) -> Iterator[tuple[int, int, int, Window]]:
    """The pixels of every bin of every region whose row of the output is not zero by rule."""
    for row, (x1, y1, x2, y2) in enumerate(rois[:, -4:]):
        place = f"rois[{row}]"
        y_bins = axis_bins(place, y1, y2, bins[0], scale, size[0], clip, **conventions)
        x_bins = axis_bins(place, x1, x2, bins[1], scale, size[1], clip, **conventions)
        if y_bins is None or x_bins is None:
            continue
        for y, rows in enumerate(y_bins):
            for x, columns in enumerate(x_bins):
                yield row, y, x, (rows, columns)


def axis_bins(
    place: str,
    low: Any,
    high: Any,
    bins: int,
    scale: Any,
    size: int,
    clip: str,
    *,
    corner: str,
    end_offset: int,
    length_plus: int,
    min_size: str,
    nonfinite: str,
) -> list[range] | None:
    """The pixels of each bin along one axis; None where the region's row is zero by rule."""
    number = low.dtype.type
    if corner == "round_before_scale":
        low, high = (number(round_half_away(float(each))) for each in (low, high))
    start, end = low * scale, (high + number(end_offset)) * scale
    length = end - start + number(length_plus)
    if corner == "round_away":
        start, end = (round_half_away(float(each)) for each in (start, end))
        length = number(end - start + length_plus)
    is_empty = min_size == "none" and length <= 0
    if min_size != "none":
        length = max(length, number({"one": 1, "tenth": 0.1}[min_size]))
    step = length / number(bins)
    too_large = corner == "round_away" and not max(abs(start), abs(end)) <= LARGEST_CORNER
    if too_large or not np.isfinite([low, high, start, end, step]).all():
        if nonfinite == "refuse":
            raise ArgumentError(f"roi_pool: {place} is not finite or too large, or is once scaled")
        return None
    if is_empty:
        return None
    highest = size if clip == "size" else size - 1
    inner, outer = (number(0), start) if corner == "round_away" else (start, 0.0)
    return [
        range(
            _clipped(float(np.floor(number(index) * step + inner)) + outer, highest),
            _clipped(float(np.ceil(number(index + 1) * step + inner)) + outer, highest),
        )
        for index in range(bins)
    ]


def round_half_away(value: float) -> float:
    """C's ``round()``."""
    if not math.isfinite(value):
        return value
    whole = math.trunc(value)
    return math.copysign(abs(whole) + (abs(value - whole) >= 0.5), value)


def _clipped(position: float, highest: int) -> int:
    return int(min(max(position, 0.0), float(highest)))


def pool_window(plane: Array, window: Window, pooling: str) -> Any:
    """The value of one bin; 0 where it has no pixels."""
    ys, xs = window
    if not (ys and xs):
        return plane.dtype.type(0)
    if pooling == "average":
        total = plane.dtype.type(0)
        for y in ys:
            for x in xs:
                total = total + plane[y, x]
        return total / plane.dtype.type(len(ys) * len(xs))
    pixel = largest_pixel(plane, window)
    return plane[pixel] if pixel is not None else lowest(plane.dtype)


def largest_pixel(plane: Array, window: Window) -> tuple[int, int] | None:
    """The first of the largest pixels; None where all of them are NaN or the lowest value."""
    best, pixel = lowest(plane.dtype), None
    for y in window[0]:
        for x in window[1]:
            if plane[y, x] > best:
                best, pixel = plane[y, x], (y, x)
    return pixel


def lowest(dtype: np.dtype[Any]) -> Any:
    """The lowest float32 in another type."""
    with np.errstate(over="ignore"):
        return dtype.type(-np.finfo(np.float32).max)
