"""The gradient of region of interest align, sample by sample in the order of the forward pass."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from opsbridge.reference.regions import Axis, held_scale, image_of_each, source_channels, widened
from opsbridge.reference.roi_align import (
    Reduction,
    Tap,
    computed_regions,
    roi_align,
    sampled_bins,
    weighted_corners,
)

Array = npt.NDArray[Any]

_REDUCTION = ("reduction", "maximum_start", "count", "unusable_sample")
_GEOMETRY = (
    "half_pixel",
    "end_offset",
    "min_size",
    "grid",
    "negative_size",
    "nonfinite",
    "grid_limit",
    "sample_sum",
)


def roi_align_backward(
    gradient: Array,
    features: Array,
    rois: Array,
    pooled_height: int,
    pooled_width: int,
    spatial_scale: float = 1.0,
    sampling_ratio: int = -1,
    *,
    batch_indices: Array | None = None,
    **axes: Any,
) -> Array:
    """The gradient of ``features`` from the ``gradient`` of the result of ``roi_align``.

    Takes the axes of ``roi_align`` with the same defaults.
    """
    rule = {
        name: parameter.default
        for name, parameter in inspect.signature(roi_align).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY and name != "batch_indices"
    } | axes
    stored, bins = features.dtype, (pooled_height, pooled_width)
    gradient, features, rois = (
        widened(array, rule["accumulate"]) for array in (gradient, features, rois)
    )
    images = image_of_each(rois, batch_indices, len(features), rule["batch_rule"])
    channels = source_channels(rule["channel_map"], features.shape[1], bins)
    reduce = Reduction(**{name: rule[name] for name in _REDUCTION})
    sums = np.zeros_like(features)
    with np.errstate(all="ignore"):
        for row, y_axis, x_axis in computed_regions(
            rois,
            bins,
            held_scale(spatial_scale, rule["scale_type"], features.dtype),
            sampling_ratio,
            rule["near_zero_row"],
            **{name: rule[name] for name in _GEOMETRY},
        ):
            for y, x, y_taps, x_taps in sampled_bins(y_axis, x_axis, features.shape[2:]):
                for channel, given in zip(channels[:, y, x], gradient[row, :, y, x], strict=True):
                    place = images[row], channel
                    spread = spread_bin(
                        features[place], given, y_taps, x_taps, (y_axis, x_axis), reduce
                    )
                    for row_column, part in spread:
                        sums[place][row_column] += part
        return sums.astype(stored)


Parts = Iterator[tuple[tuple[int, int], Any]]


def spread_bin(
    plane: Array,
    given: Any,
    y_taps: list[Tap],
    x_taps: list[Tap],
    region: tuple[Axis, Axis],
    reduce: Reduction,
) -> Parts:
    """What the gradient of one bin adds to which pixels, in order."""
    y_axis, x_axis = region
    if reduce.reduction == "average":
        product = y_axis.samples * x_axis.samples
        count = given.dtype.type(max(product, 1) if reduce.count == "at_least_one" else product)
        for y in y_taps:
            for x in x_taps:
                for pixel, weight in corners(y, x):
                    yield pixel, (given * weight) / count
        return
    chosen = chosen_sample(plane, y_taps, x_taps, region, reduce)
    if chosen is None:
        return
    parts = list(corners(*chosen))
    if reduce.reduction == "maximum_weighted_corner":
        parts = [parts[largest_corner(plane, *chosen)]]
    for pixel, weight in parts:
        yield pixel, given * weight


def corners(y: Tap, x: Tap) -> list[tuple[tuple[int, int], Any]]:
    """The four pixels around a sample with their weights."""
    return [
        ((y.low, x.low), y.low_weight * x.low_weight),
        ((y.low, x.high), y.low_weight * x.high_weight),
        ((y.high, x.low), y.high_weight * x.low_weight),
        ((y.high, x.high), y.high_weight * x.high_weight),
    ]


def largest_corner(plane: Array, y: Tap, x: Tap) -> int:
    """The first corner that no later one exceeds, as ``std::max`` picks."""
    values = [value[0] for value in weighted_corners(plane[None], y, x)]
    largest = 0
    for corner, value in enumerate(values):
        if values[largest] < value:
            largest = corner
    return largest


def chosen_sample(
    plane: Array, y_taps: list[Tap], x_taps: list[Tap], region: tuple[Axis, Axis], reduce: Reduction
) -> tuple[Tap, Tap] | None:
    """The first largest sample; None where that is an unusable one (a zero), or there is none."""
    y_axis, x_axis = region
    best, chosen = reduce.start(plane.dtype), None
    candidates: list[tuple[Tap, Tap] | None] = [
        None if y is None or x is None else (y, x)
        for y in with_unusable(y_taps, y_axis)
        for x in with_unusable(x_taps, x_axis)
    ]
    for candidate in candidates:
        value = plane.dtype.type(0)
        if candidate is not None:
            value = reduce.sample(plane[None], *candidate)[0]
        if value > best:
            best, chosen = value, candidate
    return chosen


def with_unusable(taps: list[Tap], axis: Axis) -> list[Tap | None]:
    """All samples of a bin along one axis, unusable ones as None, before and after the others."""
    missing: list[Tap | None] = [None]
    samples = max(axis.samples, 0)
    before = taps[0].sample if taps else samples
    return missing * before + list(taps) + missing * (samples - before - len(taps))
