"""Region of interest align, as every framework does it, one keyword per convention.

Each region becomes a grid of bins, each bin a grid of sample points, each sample a weighted mean of
four pixels, and the samples of a bin one value. Frameworks differ in where the region starts and
ends, how many samples a bin takes, and what becomes of regions and samples that make no sense;
``regions.py`` decides those, this file does the arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from opsbridge.reference.regions import (
    Axis,
    held_scale,
    image_of_each,
    lies_at_zero,
    region_axes,
    source_channels,
    widened,
)
from opsbridge.reference.rounding import larger

Array = npt.NDArray[Any]


def roi_align(
    features: Array,
    rois: Array,
    pooled_height: int,
    pooled_width: int,
    spatial_scale: float = 1.0,
    sampling_ratio: int = -1,
    *,
    batch_indices: Array | None = None,
    half_pixel: float = 0.0,
    end_offset: int = 0,
    min_size: str = "one",
    grid: str = "ceil",
    count: str = "at_least_one",
    scale_type: str = "same",
    unusable_sample: str = "zero_times_origin",
    reduction: str = "average",
    maximum_start: str = "lowest",
    batch_rule: str = "integral",
    near_zero_row: str = "compute",
    negative_size: str = "refuse_one_axis",
    nonfinite: str = "refuse",
    grid_limit: str = "table",
    accumulate: str = "same",
    channel_map: str = "same",
    sample_sum: str = "bin_first",
) -> Array:
    """Pool every region of (N, C, H, W) features into a (K, C, pooled_height, pooled_width) array.

    ``rois`` is (K, 5), batch index first, or (K, 4) with ``batch_indices``; position-sensitive
    features have one channel per bin for every channel of the result. The other keywords are the
    slots and axes of ``mappings/core/roi_align.toml`` and default to torchvision on the CPU.
    Raises ``ArgumentError`` for a batch index outside the batch and for what the axes refuse.

    >>> import numpy as np
    >>> features = np.array([[[[1, 2], [3, 4]]]], np.float32)
    >>> roi_align(features, np.array([[0, 0, 0, 1, 1]], np.float32), 1, 1, sampling_ratio=1)
    array([[[[2.5]]]], dtype=float32)
    """
    stored, bins = features.dtype, (pooled_height, pooled_width)
    features, rois = widened(features, accumulate), widened(rois, accumulate)
    images = image_of_each(rois, batch_indices, len(features), batch_rule)
    channels = source_channels(channel_map, features.shape[1], bins)
    pooled = np.zeros((len(rois), len(channels), *bins), features.dtype)
    reduce = Reduction(reduction, maximum_start, count, unusable_sample)
    with np.errstate(all="ignore"):
        for row, y_axis, x_axis in computed_regions(
            rois,
            bins,
            held_scale(spatial_scale, scale_type, features.dtype),
            sampling_ratio,
            near_zero_row,
            half_pixel=half_pixel,
            end_offset=end_offset,
            min_size=min_size,
            grid=grid,
            negative_size=negative_size,
            nonfinite=nonfinite,
            grid_limit=grid_limit,
            sample_sum=sample_sum,
        ):
            samples = y_axis.samples, x_axis.samples
            for y, x, y_taps, x_taps in sampled_bins(y_axis, x_axis, features.shape[2:]):
                image = features[images[row], channels[:, y, x]]
                pooled[row, :, y, x] = reduce(image, y_taps, x_taps, samples)
        return pooled.astype(stored)


def computed_regions(
    rois: Array,
    bins: tuple[int, int],
    scale: Any,
    sampling_ratio: int,
    near_zero_row: str,
    **conventions: Any,
) -> Iterator[tuple[int, Axis, Axis]]:
    """Every region whose row of the output is not zero by rule, with its two axes."""
    for row, corners in enumerate(rois[:, -4:]):
        axes = region_axes(row, corners, bins, scale, sampling_ratio, **conventions)
        skipped = near_zero_row == "zero" and lies_at_zero(corners)
        if axes is not None and not skipped:
            yield row, *axes


def sampled_bins(
    y_axis: Axis, x_axis: Axis, size: tuple[int, ...]
) -> Iterator[tuple[int, int, list[Tap], list[Tap]]]:
    """Every bin of a region with the usable samples along both axes."""
    height, width = size
    for y in range(y_axis.bins):
        y_taps = taps_of_bin(y_axis, y, height)
        for x in range(x_axis.bins):
            yield y, x, y_taps, taps_of_bin(x_axis, x, width)


@dataclass(frozen=True)
class Tap:
    """A usable sample along one axis: its two neighbours and their weights."""

    sample: int
    low: int
    high: int
    low_weight: Any
    high_weight: Any


def taps_of_bin(axis: Axis, index: int, size: int) -> list[Tap]:
    """The usable samples of one bin along one axis, in sample order."""
    if size == 0:
        return []
    return [tap_at(axis, index, sample, size) for sample in usable(axis, index, size)]


def usable(axis: Axis, index: int, size: int) -> range:
    """The samples that lie on the image or at most one pixel outside it.

    Positions never turn back with the sample number, so the usable ones are one run; looking for
    its two ends keeps a region far larger than the image as cheap as the image.
    """

    def is_before(sample: int) -> bool:
        position = axis.position(index, sample)
        return bool(position < -1 if axis.bin >= 0 else position > size)

    def is_not_after(sample: int) -> bool:
        position = axis.position(index, sample)
        return bool(position <= size if axis.bin >= 0 else position >= -1)

    return range(first_failing(is_before, axis.samples), first_failing(is_not_after, axis.samples))


def first_failing(holds: Callable[[int], bool], end: int) -> int:
    """The first number of ``range(end)`` for which a test that never recovers fails, or ``end``."""
    low, high = 0, max(end, 0)
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            low = middle + 1
        else:
            high = middle
    return low


def tap_at(axis: Axis, index: int, sample: int, size: int) -> Tap:
    """Neighbours of a sample of a bin, clamped to the first and the last pixel."""
    position = axis.position(index, sample)
    number = position.dtype.type
    position = max(position, number(0))
    low = int(position)
    high = low + 1
    if low >= size - 1:
        low = high = size - 1
        position = number(low)
    high_weight = position - number(low)
    return Tap(sample, low, high, number(1) - high_weight, high_weight)


def weighted_corners(image: Array, y: Tap, x: Tap) -> tuple[Array, Array, Array, Array]:
    """The four pixels around a sample, each times its weight."""
    return (
        (y.low_weight * x.low_weight) * image[:, y.low, x.low],
        (y.low_weight * x.high_weight) * image[:, y.low, x.high],
        (y.high_weight * x.low_weight) * image[:, y.high, x.low],
        (y.high_weight * x.high_weight) * image[:, y.high, x.high],
    )


@dataclass(frozen=True)
class Reduction:
    """How the samples of a bin become one value per channel."""

    reduction: str
    maximum_start: str
    count: str
    unusable_sample: str

    def __call__(
        self, image: Array, y_taps: list[Tap], x_taps: list[Tap], samples: tuple[int, int]
    ) -> Array:
        product = samples[0] * samples[1]
        wanted = product if min(samples) > 0 else 0
        has_unusable = len(y_taps) * len(x_taps) < wanted
        if self.reduction == "average":
            return self._average(image, y_taps, x_taps, product, has_unusable)
        return self._maximum(image, y_taps, x_taps, has_unusable, wanted)

    def _average(
        self, image: Array, y_taps: list[Tap], x_taps: list[Tap], product: int, has_unusable: bool
    ) -> Array:
        number = image.dtype.type
        total = np.zeros(len(image), image.dtype)
        for y in y_taps:
            for x in x_taps:
                first, second, third, fourth = weighted_corners(image, y, x)
                total = total + (((first + second) + third) + fourth)
        if has_unusable and self.unusable_sample == "zero_times_origin" and image.size:
            # Nothing for a finite pixel, whatever the number of such samples; else NaN.
            total = total + number(0) * image[:, 0, 0]
        divisor = max(product, 1) if self.count == "at_least_one" else product
        return np.divide(total, number(divisor))

    def _maximum(
        self,
        image: Array,
        y_taps: list[Tap],
        x_taps: list[Tap],
        has_unusable: bool,
        samples: int,
    ) -> Array:
        if not samples and self.reduction == "maximum_weighted_corner":
            return np.zeros(len(image), image.dtype)
        best = np.full(len(image), self.start(image.dtype))
        for y in y_taps:
            for x in x_taps:
                best = larger(best, self.sample(image, y, x))
        return larger(best, image.dtype.type(0)) if has_unusable else best

    def start(self, dtype: np.dtype[Any]) -> Any:
        """The maximum of a bin without samples."""
        by_corner = self.reduction == "maximum_weighted_corner"
        lowest = by_corner or self.maximum_start == "lowest"
        with np.errstate(over="ignore"):
            return dtype.type(-np.finfo(np.float32).max if lowest else -10000.0)

    def sample(self, image: Array, y: Tap, x: Tap) -> Array:
        """What one sample offers to the maximum of its bin."""
        first, second, third, fourth = weighted_corners(image, y, x)
        if self.reduction == "maximum_weighted_corner":
            return larger(larger(larger(first, second), third), fourth)
        return ((first + second) + third) + fourth
