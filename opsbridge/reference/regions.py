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
    length: Any
    bin: Any
    bins: int
    samples: int

    def position(self, index: int, sample: int) -> Any:
        """Where a sample of a bin lies, in feature pixels."""
        number = self.start.dtype.type
        within = ((number(sample) + number(0.5)) * self.bin) / number(self.samples)
        return (self.start + number(index) * self.bin) + within


def held_scale(spatial_scale: float, scale_type: str, dtype: np.dtype[Any]) -> Any:
    """The scale as the framework holds it."""
    if not math.isfinite(spatial_scale):
        raise ArgumentError(f"roi_align: spatial_scale is {spatial_scale}; it must be finite")
    return dtype.type(np.float32(spatial_scale) if scale_type == "float32" else spatial_scale)


def lies_at_zero(corners: Array) -> bool:
    """MindSpore takes a region whose x1 and x2 are both this small for padding."""
    return bool(abs(corners[0]) < NEAR_ZERO and abs(corners[2]) < NEAR_ZERO)


def image_of_each(
    rois: Array, batch_indices: Array | None, batch: int, batch_rule: str
) -> list[int]:
    """The image that each region belongs to; ``ArgumentError`` where there is none."""
    if batch_rule == "counts":
        assert batch_indices is not None
        if len(batch_indices) != batch or sum(batch_indices) != len(rois):
            raise ArgumentError(
                f"roi_align: batch_indices holds {len(batch_indices)} counts with sum "
                f"{sum(batch_indices)}; allowed: one per image ({batch}), with sum {len(rois)}"
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
    half_pixel: float,
    end_offset: int,
    min_size: str,
    grid: str,
    negative_size: str,
    nonfinite: str,
    grid_limit: str,
) -> tuple[Axis, Axis] | None:
    """The y and the x axis of a region; None where its row of the output is zero by rule."""
    x1, y1, x2, y2 = corners
    number = corners.dtype.type
    starts = [y1 * scale - number(half_pixel), x1 * scale - number(half_pixel)]
    if end_offset:
        x2, y2 = x2 + number(1), y2 + number(1)
    ends = [y2 * scale - number(half_pixel), x2 * scale - number(half_pixel)]
    lengths = [end - start for start, end in zip(starts, ends, strict=True)]
    if not np.isfinite([*corners, *starts, *ends, *lengths]).all():
        if nonfinite == "zero":
            return None
        raise ArgumentError(f"roi_align: rois[{row}] is not finite, or not once scaled: {corners}")
    if min(lengths) < 0:
        if negative_size == "zero":
            return None
        if negative_size == "refuse":
            raise ArgumentError(f"roi_align: rois[{row}] is inverted: {corners}")
    if min_size == "one":
        lengths = [max(length, number(1)) for length in lengths]
    sizes = [length / number(count) for length, count in zip(lengths, bins, strict=True)]
    samples = [samples_per_bin(size, sampling_ratio, grid) for size in sizes]
    check_grid(row, bins, (samples[0], samples[1]), negative_size, grid_limit)
    y_axis = Axis(starts[0], lengths[0], sizes[0], bins[0], samples[0])
    x_axis = Axis(starts[1], lengths[1], sizes[1], bins[1], samples[1])
    return y_axis, x_axis


def samples_per_bin(size: Any, sampling_ratio: int, grid: str) -> int:
    """Samples along one axis of a bin: as asked for, else one per pixel, rounded up or down."""
    if sampling_ratio > 0:
        return sampling_ratio
    return int(math.ceil(size) if grid == "ceil" else math.floor(size))


def check_grid(
    row: int, bins: tuple[int, int], samples: tuple[int, int], negative_size: str, grid_limit: str
) -> None:
    """Refuse sample grids that no framework can take."""
    product = samples[0] * samples[1]
    if product < 0 and negative_size == "refuse_one_axis":
        raise ArgumentError(f"roi_align: rois[{row}] is inverted along one axis")
    cells = bins[0] * bins[1] if grid_limit == "table" else 1
    if max(abs(samples[0]), abs(samples[1]), abs(product) * cells) > LARGEST_GRID:
        raise ArgumentError(
            f"roi_align: rois[{row}] needs {samples[0]} x {samples[1]} samples per bin, "
            f"{abs(product) * cells} together; at most {LARGEST_GRID} are possible"
        )
