"""Boxes as corners, their overlap, and the tests by which a kept box suppresses another one.

Every function works on one box against one box or against arrays of boxes; NumPy rounds each
element after each operation either way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from opsbridge.reference.rounding import fused_multiply_add, larger, smaller

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Corners:
    """Boxes as corners with the area that their framework gives them."""

    x1: Array
    y1: Array
    x2: Array
    y2: Array
    area: Array

    def __getitem__(self, index: Any) -> Corners:
        return Corners(
            self.x1[index], self.y1[index], self.x2[index], self.y2[index], self.area[index]
        )


def side(low: Array, high: Array, box_offset: int) -> Array:
    """Length of a side; with offset 1 both end pixels belong to the box."""
    length = high - low
    return np.asarray(length + length.dtype.type(1) if box_offset else length)


def to_corners(boxes: Array, *, layout: str, corner_order: str, box_offset: int) -> Corners:
    """(N, 4) boxes of a framework's layout as corners with areas, in the dtype of ``boxes``."""
    first, second, third, fourth = boxes.T
    half = boxes.dtype.type(0.5)
    if layout == "xyxy":
        x1, y1, x2, y2 = first, second, third, fourth
    elif layout == "yxyx":
        x1, y1, x2, y2 = second, first, fourth, third
    elif layout == "xywh":
        x1, y1, x2, y2 = first, second, first + third, second + fourth
    else:
        x1, y1 = first - half * third, second - half * fourth
        x2, y2 = first + half * third, second + half * fourth
    if corner_order == "sorted":
        x1, x2 = np.where(x2 < x1, x2, x1), np.where(x2 < x1, x1, x2)
        y1, y2 = np.where(y2 < y1, y2, y1), np.where(y2 < y1, y1, y2)
    if layout == "xywh":
        # The given size, not the difference of rounded corners, is what such frameworks multiply.
        zero = np.zeros_like(third)
        area = side(zero, third, box_offset) * side(zero, fourth, box_offset)
    else:
        area = side(x1, x2, box_offset) * side(y1, y2, box_offset)
    return Corners(x1, y1, x2, y2, area)


def intersection(kept: Corners, others: Corners, box_offset: int) -> Array:
    """Area that a kept box shares with each other box; apart or touching boxes share 0."""
    width = side(larger(kept.x1, others.x1), smaller(kept.x2, others.x2), box_offset)
    height = side(larger(kept.y1, others.y1), smaller(kept.y2, others.y2), box_offset)
    zero = np.zeros_like(width)
    return larger(zero, width) * larger(zero, height)


def union_area(
    kept: Corners, others: Corners, shared: Array, *, union: str, box_offset: int
) -> Array:
    """Area that a kept box and each other box cover together."""
    if union == "fused_second_area":
        width = side(others.x1, others.x2, box_offset)
        height = side(others.y1, others.y2, box_offset)
        return np.subtract(fused_multiply_add(width, height, kept.area), shared)
    return np.subtract(kept.area + others.area, shared)


def held_threshold(threshold: float, threshold_type: str, dtype: np.dtype[Any]) -> float:
    """The threshold as the framework holds it; comparing quotients in float64 is exact then."""
    if threshold_type in ("float32", "float64_via_float32"):
        return float(np.float32(threshold))
    if threshold_type == "same":
        return float(dtype.type(threshold))
    return float(threshold)


def suppresses(
    kept: Corners,
    others: Corners,
    threshold: float,
    *,
    box_offset: int,
    union: str,
    comparison: str,
    guard: str,
    nan_overlap: str,
) -> npt.NDArray[np.bool_]:
    """Which of the other boxes a kept box suppresses at the held threshold."""
    shared = intersection(kept, others, box_offset)
    united = union_area(kept, others, shared, union=union, box_offset=box_offset)
    nan_drops = nan_overlap == "drop"
    if comparison == "multiplied":
        bound = united.dtype.type(threshold) * united
        result = ~(shared <= bound) if nan_drops else shared > bound
    elif comparison == "one_minus":
        areas = kept.area.astype(np.float64) + others.area.astype(np.float64)
        result = ~(one_minus_distance(shared, united, areas).astype(np.float64) <= threshold)
    else:
        quotient = (shared / united).astype(np.float64)
        if comparison == "greater_equal":
            result = ~(quotient < threshold) if nan_drops else quotient >= threshold
        else:
            result = ~(quotient <= threshold) if nan_drops else quotient > threshold
    if guard == "positive_areas":
        result = result & (kept.area > 0) & (others.area > 0) & (shared > 0) & (united > 0)
    return np.asarray(result, dtype=np.bool_)


def one_minus_distance(shared: Array, united: Array, areas: Array) -> npt.NDArray[np.float32]:
    """OpenCV's overlap: one minus a Jaccard distance taken in float64 and held in float32.

    Two boxes without area count as the same box.
    """
    quotient = shared.astype(np.float64) / united.astype(np.float64)
    distance = np.where(areas <= np.finfo(np.float64).eps, 0.0, 1.0 - quotient)
    return np.float32(1) - distance.astype(np.float32)
