"""Overlap of boxes in plain Python: every axis of ``mappings/core/box_iou.toml`` a keyword."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from opsbridge.errors import ArgumentError, DtypeError
from opsbridge.reference import rotated_boxes
from opsbridge.reference.overlap import side
from opsbridge.reference.rounding import Array, larger, smaller

_INTEGER_BOUND = 2**30


class _Boxes(NamedTuple):
    """Corners in one type and areas in another, as the framework computes them."""

    x1: Array
    y1: Array
    x2: Array
    y2: Array
    area: Array


def box_iou(
    boxes: Array,
    other_boxes: Array,
    epsilon: float = 0.0,
    *,
    layout: str = "xyxy",
    box_offset: int = 0,
    measure: str = "iou",
    denominator: str = "union_area",
    denominator_epsilon: str = "none",
    pairing: str = "every_pair",
    result_order: str = "first_by_second",
    widening: str = "sides",
    nan_corner: str = "spreads",
    longest_side: str = "unlimited",
) -> Array:
    """Measure how much each box overlaps each other box, or its own partner.

    Raises:
        ArgumentError: integer coordinates of 2**30 and more.
        DtypeError: integers, where the rule does not widen.
    """
    if layout in rotated_boxes.LAYOUTS:
        return rotated_boxes.overlaps(boxes, other_boxes, layout)
    types = _types(boxes.dtype, layout, measure, widening)
    first, second = (_corners(given, layout, box_offset, types) for given in (boxes, other_boxes))
    if pairing == "every_pair":
        first = _Boxes(*(part[..., :, None] for part in first))
        second = _Boxes(*(part[..., None, :] for part in second))
    length = _Length(box_offset, nan_corner == "spreads", longest_side == "int32", types.shared)
    with np.errstate(all="ignore"):
        shared = length.of_shared(first, second, "x") * length.of_shared(first, second, "y")
        area: Array = (first.area + second.area).astype(types.shared)
        united: Array = area - shared
        below = {"union_area": united, "first_area": first.area, "second_area": second.area}
        bottom: Array = below[denominator].astype(types.shared)
        if denominator_epsilon == "e_minus_10":
            bottom = bottom + bottom.dtype.type(1e-10)
        overlap: Array = shared.astype(types.result) / bottom.astype(types.result)
        width, height = length.of_hull(first, second, "x"), length.of_hull(first, second, "y")
        if measure == "giou":
            hull = width * height
            overlap = overlap - (hull - united).astype(types.result) / hull.astype(types.result)
        if measure in ("diou", "ciou"):
            small = types.result.type(epsilon)
            diagonal = (width * width + height * height).astype(types.result) + small
            near = overlap - _centre_distance(first, second, types.result) / diagonal
            penalty = _shape_penalty(first, second, overlap, small) if measure == "ciou" else None
            overlap = near if penalty is None else near - penalty
    if pairing == "aligned":
        return overlap if len(boxes) else np.expand_dims(overlap, -1)
    return overlap if result_order == "first_by_second" else np.swapaxes(overlap, -1, -2)


class _Types(NamedTuple):
    """The types of corners, of lengths and what is made of them, of areas, and of the result."""

    corner: np.dtype[Any]
    shared: np.dtype[Any]
    area: np.dtype[Any]
    result: np.dtype[Any]


class _Length(NamedTuple):
    """Lengths between corners, never negative, by the rule's conventions."""

    box_offset: int
    spreads: bool
    is_limited: bool
    dtype: np.dtype[Any]

    def between(self, low: Array, high: Array) -> Array:
        wide: Array = side(low, high, self.box_offset).astype(self.dtype)
        zero = np.zeros_like(wide)
        wide = larger(wide, zero) if self.spreads else larger(zero, wide)
        limit = np.asarray(2147483648, np.float64).astype(self.dtype)
        return smaller(wide, limit) if self.is_limited else wide

    def of_shared(self, first: _Boxes, second: _Boxes, axis: str) -> Array:
        lows = [getattr(boxes, f"{axis}1") for boxes in (first, second)]
        highs = [getattr(boxes, f"{axis}2") for boxes in (first, second)]
        if self.spreads:
            return self.between(np.maximum(*lows), np.minimum(*highs))
        return self.between(larger(*lows), smaller(*highs))

    def of_hull(self, first: _Boxes, second: _Boxes, axis: str) -> Array:
        lows = [getattr(boxes, f"{axis}1") for boxes in (first, second)]
        highs = [getattr(boxes, f"{axis}2") for boxes in (first, second)]
        return self.between(np.minimum(*lows), np.maximum(*highs))


def _types(dtype: np.dtype[Any], layout: str, measure: str, widening: str) -> _Types:
    single, whole = np.dtype(np.float32), np.dtype(np.int64)
    if np.issubdtype(dtype, np.integer):
        if widening == "none":
            raise DtypeError(f"box_iou: boxes is {dtype}; without widening they must be floats")
        if layout == "cxcywh":
            return _Types(single, single, whole, single)
        return _Types(whole, whole, whole, single)
    if dtype == np.float16 and widening == "sides":
        has_centres = measure in ("diou", "ciou")
        return _Types(single if has_centres else dtype, single, single, single)
    return _Types(dtype, dtype, dtype, dtype)


def _corners(boxes: Array, layout: str, box_offset: int, types: _Types) -> _Boxes:
    if np.issubdtype(boxes.dtype, np.integer):
        _check_bound(boxes)
    c = [boxes[..., i].astype(types.corner) for i in range(4)]
    a = [boxes[..., i].astype(types.area) for i in range(4)]
    with np.errstate(all="ignore"):
        if layout in ("xywh", "cxcywh"):
            zero = np.zeros_like(a[2])
            size = side(zero, a[2], box_offset) * side(zero, a[3], box_offset)
        else:
            size = side(a[0], a[2], box_offset) * side(a[1], a[3], box_offset)
        if layout == "yxyx":
            c = [c[1], c[0], c[3], c[2]]
        elif layout == "xywh":
            c = [c[0], c[1], c[0] + c[2], c[1] + c[3]]
        elif layout == "cxcywh":
            two = types.corner.type(2)
            half = [c[2] / two, c[3] / two]
            c = [c[0] - half[0], c[1] - half[1], c[0] + half[0], c[1] + half[1]]
    return _Boxes(c[0], c[1], c[2], c[3], size)


def _check_bound(boxes: Array) -> None:
    if any(abs(int(value)) >= _INTEGER_BOUND for value in boxes.flat):
        raise ArgumentError("box_iou: integer coordinates must be in (-1073741824, 1073741824)")


def _centre_distance(first: _Boxes, second: _Boxes, result: np.dtype[Any]) -> Array:
    two = result.type(2)

    def apart(low: str, high: str) -> Array:
        centres = [
            (getattr(boxes, low) + getattr(boxes, high)).astype(result) / two
            for boxes in (first, second)
        ]
        return np.asarray(centres[0] - centres[1])

    x, y = apart("x1", "x2"), apart("y1", "y2")
    return np.asarray(x * x + y * y)


def _shape_penalty(first: _Boxes, second: _Boxes, overlap: Array, epsilon: Any) -> Array:
    result = overlap.dtype

    def angle(boxes: _Boxes) -> Array:
        slope = (boxes.x2 - boxes.x1).astype(result) / (boxes.y2 - boxes.y1).astype(result)
        return np.asarray(np.arctan(slope.astype(np.float64)).astype(result))

    turned = angle(first) - angle(second)
    difference = result.type(4 / np.pi**2) * (turned * turned)
    weight = difference / (((result.type(1) - overlap) + difference) + epsilon)
    return np.asarray(weight * difference)
