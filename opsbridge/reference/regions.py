"""The geometry of one region along each axis, and which regions are refused or left zero."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from opsbridge.errors import ArgumentError

Array = npt.NDArray[Any]

LARGEST_GRID = 2**31 - 1
NEAR_ZERO = 0.001


@dataclass(frozen=True)
class Axis:
    """One axis of a region: where it starts, how long a bin is, how many samples a bin takes."""

    start: Any
    bin: Any
    bins: int
    samples: int
    sample_sum: str

    def position(self, index: int, sample: int) -> Any:
        """Where a sample of a bin lies, in feature pixels."""
        number = self.start.dtype.type
        within = ((number(sample) + number(0.5)) * self.bin) / number(self.samples)
        before = number(index) * self.bin
        if self.sample_sum == "bin_first":
            return (self.start + before) + within
        return self.start + (before + within)


def held_scale(spatial_scale: float, scale_type: str, dtype: np.dtype[Any]) -> Any:
    """The scale as the framework holds it."""
    if not math.isfinite(spatial_scale):
        raise ArgumentError(f"roi_align: spatial_scale is {spatial_scale}; it must be finite")
    return dtype.type(np.float32(spatial_scale) if scale_type == "float32" else spatial_scale)


def widened(array: Array, accumulate: str) -> Array:
    """The array in the type that the arithmetic is in."""
    return array.astype(np.float32) if accumulate == "float32" and array.itemsize < 4 else array


def source_channels(channel_map: str, channels: int, bins: tuple[int, int]) -> Array:
    """The channel of the features that each bin of each channel of the result is read from."""
    if channel_map == "same":
        return np.broadcast_to(np.arange(channels)[:, None, None], (channels, *bins))
    if channels % (bins[0] * bins[1]):
        raise ArgumentError(
            f"features has {channels} channels; expected a multiple of {bins[0] * bins[1]}"
        )
    return np.arange(channels).reshape(-1, *bins)


def lies_at_zero(corners: Array) -> bool:
    """MindSpore takes a region whose x1 and x2 are both this small for padding."""
    return bool(abs(corners[0]) < NEAR_ZERO and abs(corners[2]) < NEAR_ZERO)


def image_of_each(
    rois: Array, batch_indices: Array | None, batch: int, batch_rule: str
) -> list[int]:
    """The image that each region belongs to; ``ArgumentError`` where there is none."""
    if batch_rule == "counts":
        assert batch_indices is not None
        is_negative = any(count < 0 for count in batch_indices)
        if len(batch_indices) != batch or sum(batch_indices) != len(rois) or is_negative:
            raise ArgumentError(
                f"roi_align: batch_indices holds {len(batch_indices)} counts with sum "
                f"{sum(batch_indices)}; allowed: one per image ({batch}), 0 or more, with sum "
                f"{len(rois)}"
            )
        return [int(image) for image in np.repeat(np.arange(batch), batch_indices)]
    if batch_rule == "given":
        assert batch_indices is not None
        return [
            _in_batch(int(value), value, f"batch_indices[{row}]", batch)
            for row, value in enumerate(batch_indices)
        ]
    return [
        _column_image(value, f"rois[{row}][0]", batch, batch_rule)
        for row, value in enumerate(rois[:, 0])
    ]


def _column_image(value: Any, place: str, batch: int, batch_rule: str) -> int:
    if not np.isfinite(value):
        raise ArgumentError(f"roi_align: {place} is {value}; batch indices must be finite")
    if batch_rule == "nearest_7e-5":
        if not 0 <= value <= batch - 1:
            raise _not_in_batch(value, place, batch)
        return int(np.rint(value + value.dtype.type(7e-5)))
    if batch_rule == "integral" and value != np.trunc(value):
        raise ArgumentError(f"roi_align: {place} is {value}; batch indices must be whole numbers")
    return _in_batch(int(value), value, place, batch)


def _in_batch(index: int, value: Any, place: str, batch: int) -> int:
    if not 0 <= index < batch:
        raise _not_in_batch(value, place, batch)
    return index


def _not_in_batch(value: Any, place: str, batch: int) -> ArgumentError:
    return ArgumentError(
        f"roi_align: {place} is {value:g}, but features has batch size {batch}; "
        f"batch indices must be in [0, {batch})"
    )


def region_axes(
    row: int,
    corners: Array,
    bins: tuple[int, int],
    scale: Any,
    sampling_ratio: int,
    *,
    negative_size: str,
    grid_limit: str,
    **conventions: Any,
) -> tuple[Axis, Axis] | None:
    """The y and the x axis of a region; None where its row of the output is zero by rule.

    What is zeroed along one axis does not excuse what is refused along the other.
    """
    x1, y1, x2, y2 = corners
    conventions.update(scale=scale, sampling_ratio=sampling_ratio, negative_size=negative_size)
    place = f"rois[{row}]"
    y_axis = measure_axis(place, y1, y2, bins[0], **conventions)
    x_axis = measure_axis(place, x1, x2, bins[1], **conventions)
    if y_axis is None or x_axis is None:
        return None
    check_grid(row, bins, (y_axis.samples, x_axis.samples), negative_size, grid_limit)
    return y_axis, x_axis


def measure_axis(
    place: str,
    low: Any,
    high: Any,
    bins: int,
    *,
    scale: Any,
    sampling_ratio: int,
    half_pixel: float,
    end_offset: int,
    min_size: str,
    grid: str,
    negative_size: str,
    nonfinite: str,
    sample_sum: str,
) -> Axis | None:
    """One axis of a region in feature pixels; None where the region's row is zero by rule."""
    number = low.dtype.type
    start = low * scale - number(half_pixel)
    if end_offset:
        high = high + number(1)
    end = high * scale - number(half_pixel)
    length = end - start
    if not np.isfinite([low, high, start, end, length]).all():
        if nonfinite == "zero":
            return None
        raise ArgumentError(f"roi_align: {place} is not finite, or not once scaled: {low}, {high}")
    if length < 0:
        if negative_size == "zero":
            return None
        if negative_size == "refuse":
            raise ArgumentError(f"roi_align: {place} is inverted: from {low} to {high}")
    if min_size == "one":
        length = max(length, number(1))
    size = length / number(bins)
    samples = samples_per_bin(size, sampling_ratio, grid)
    if abs(samples) > LARGEST_GRID:
        raise ArgumentError(
            f"roi_align: {place} needs {samples} samples per bin along one axis; "
            f"at most {LARGEST_GRID} are possible"
        )
    return Axis(start, size, bins, samples, sample_sum)


def samples_per_bin(size: Any, sampling_ratio: int, grid: str) -> int:
    """Samples along one axis of a bin: as asked for, else one per pixel, rounded up or down."""
    if sampling_ratio > 0:
        return sampling_ratio
    if grid == "ceil_float32":
        size = np.float32(size)
    return int(math.floor(size) if grid == "floor" else math.ceil(size))


def check_grid(
    row: int, bins: tuple[int, int], samples: tuple[int, int], negative_size: str, grid_limit: str
) -> None:
    """Refuse sample grids that no framework can take."""
    product = samples[0] * samples[1]
    if product < 0 and negative_size == "refuse_one_axis":
        raise ArgumentError(f"roi_align: rois[{row}] is inverted along one axis")
    cells = bins[0] * bins[1] if grid_limit == "table" else 1
    if abs(product) * cells > LARGEST_GRID:
        raise ArgumentError(
            f"roi_align: rois[{row}] needs {samples[0]} x {samples[1]} samples per bin, "
            f"{abs(product) * cells} together; at most {LARGEST_GRID} are possible"
        )
