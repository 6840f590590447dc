"""Rotated boxes from one layout to another, and their overlaps, in plain Python.

Angles are in degrees, counter-clockwise as one looks at an image whose second axis points down.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from opsbridge.errors import ArgumentError
from opsbridge.reference.rounding import Array

LAYOUTS = ("xywhr", "cxcywhr", "xyxyxyxy")
_INTEGER_BOUND = 2**30


def convert(boxes: Array, source_layout: str, target_layout: str) -> Array:
    """Write every rotated box in another layout, by way of its first corner.

    Raises:
        ArgumentError: an integer result does not fit, or integer corners of 2**30 and more.
    """
    if source_layout == target_layout:
        return boxes.copy()
    with np.errstate(all="ignore"):
        if source_layout == "cxcywhr":
            boxes = _stored(_shifted(_floats(boxes), away=False), boxes.dtype)
        elif source_layout == "xyxyxyxy":
            boxes = _stored(_of_corners(boxes), boxes.dtype)
        if target_layout == "cxcywhr":
            boxes = _stored(_shifted(_floats(boxes), away=True), boxes.dtype)
        elif target_layout == "xyxyxyxy":
            boxes = _stored(_corners(_floats(boxes)), boxes.dtype)
    return boxes


def _floats(boxes: Array) -> Array:
    return boxes.astype(np.float32) if np.issubdtype(boxes.dtype, np.integer) else boxes


def _scaled(values: Array, factor: float, divisor: float) -> Array:
    """Each of two steps in float32 at least, rounded to the dtype of the values."""
    wide: Any = np.float64 if values.dtype == np.float64 else np.float32
    product = (values.astype(wide) * wide(factor)).astype(values.dtype)
    return np.asarray((product.astype(wide) / wide(divisor)).astype(values.dtype))


def _each(function: Callable[..., float], *arguments: Array) -> Array:
    """A function of float64 on every element; it has no value at infinity."""
    result = np.empty(arguments[0].shape, np.float64)
    for place in np.ndindex(result.shape):
        numbers = [float(each[place]) for each in arguments]
        try:
            result[place] = function(*numbers)
        except ValueError:
            result[place] = math.nan
    return result.astype(arguments[0].dtype)


def _turn(angle: Array) -> tuple[Array, Array]:
    radians = _scaled(angle, math.pi, 180)
    return _each(math.cos, radians), _each(math.sin, radians)


def _shifted(boxes: Array, *, away: bool) -> Array:
    """From the centre to the first corner, or away from the corner to the centre."""
    x, y, width, height, angle = (boxes[..., i] for i in range(5))
    cosine, sine = _turn(angle)
    half_width, half_height = width / width.dtype.type(2), height / height.dtype.type(2)
    if away:
        x = (x + half_width * cosine) + half_height * sine
        y = (y - half_width * sine) + half_height * cosine
    else:
        x = (x - half_width * cosine) - half_height * sine
        y = (y - half_height * cosine) + half_width * sine
    return np.stack([x, y, width, height, angle], axis=-1)


def _corners(boxes: Array) -> Array:
    x, y, width, height, angle = (boxes[..., i] for i in range(5))
    cosine, sine = _turn(angle)
    right_x: Array = x + width * cosine
    right_y: Array = y - width * sine
    down_x, down_y = height * sine, height * cosine
    corners = [x, y, right_x, right_y, right_x + down_x, right_y + down_y, x + down_x, y + down_y]
    return np.stack(corners, axis=-1)


def _of_corners(boxes: Array) -> Array:
    """The fourth corner is not looked at."""
    result = _floats(boxes).dtype
    exact: Array = boxes
    if np.issubdtype(boxes.dtype, np.integer):
        if any(abs(int(value)) >= _INTEGER_BOUND for value in boxes.flat):
            raise ArgumentError("box_convert: integer corners must be below 2**30")
        exact = boxes.astype(np.int64)
    x1, y1, x2, y2, x3, y3 = (exact[..., i] for i in range(6))
    right, up, across, down = x2 - x1, y1 - y2, x3 - x2, y3 - y2
    radians = _each(math.atan2, up.astype(result), right.astype(result))
    sides = [np.sqrt((a * a + b * b).astype(result)) for a, b in ((right, up), (across, down))]
    angle = _scaled(radians, 180, math.pi)
    return np.stack([x1.astype(result), y1.astype(result), *sides, angle], axis=-1)


def _stored(values: Array, dtype: np.dtype[Any]) -> Array:
    """As the boxes are stored: integers are the nearest ones, if they fit."""
    if not np.issubdtype(dtype, np.integer):
        return values
    whole = [int(value) for value in np.rint(values).flat]
    limits = np.iinfo(dtype)
    if any(not limits.min <= value <= limits.max for value in whole):
        raise ArgumentError(f"box_convert: a result does not fit {dtype}")
    return np.array(whole, dtype).reshape(values.shape)


def overlaps(boxes: Array, other_boxes: Array, layout: str) -> Array:
    """Shared area over covered area of each pair, in float64 and rounded to float32 at the end."""
    first, second = (convert(each, layout, "cxcywhr") for each in (boxes, other_boxes))
    result = np.zeros((len(first), len(second)), np.float32)
    for i, j in np.ndindex(result.shape):
        result[i, j] = _overlap(first[i].astype(np.float64), second[j].astype(np.float64))
    return result


def _overlap(box: Array, other: Array) -> float:
    areas = [float(each[2] * each[3]) for each in (box, other)]
    if min(areas) < 1e-14:
        return 0.0
    middle = np.zeros(5)
    middle[:2] = (box[:2] + other[:2]) / 2
    polygon, edges = (
        [complex(x, y) for x, y in _corners(_shifted(each - middle, away=False)).reshape(4, 2)]
        for each in (box, other)
    )
    for start, end in zip(edges, edges[1:] + edges[:1], strict=True):
        polygon = _cut(polygon, start, end - start)
    turns = zip(polygon, polygon[1:] + polygon[:1], strict=True)
    shared = abs(sum((a.conjugate() * b).imag for a, b in turns)) / 2
    return shared / (sum(areas) - shared)


def _cut(polygon: list[complex], start: complex, edge: complex) -> list[complex]:
    """The part of a convex polygon on the inner side of an edge of a box."""
    sides = [(edge.conjugate() * (corner - start)).imag for corner in polygon]
    kept = []
    for i, corner in enumerate(polygon):
        j = (i + 1) % len(polygon)
        if sides[i] >= 0:
            kept.append(corner)
        if (sides[i] >= 0) != (sides[j] >= 0):
            kept.append(corner + sides[i] / (sides[i] - sides[j]) * (polygon[j] - corner))
    return kept
