"""What is done to one box alone, and boxes around masks, in plain Python."""

from __future__ import annotations

from typing import Any

import numpy as np

from opsbridge.errors import ArgumentError
from opsbridge.reference import rotated_boxes
from opsbridge.reference.overlap import side
from opsbridge.reference.rounding import Array, larger, smaller


def box_convert(boxes: Array, *, source_layout: str = "xyxy", target_layout: str = "xyxy") -> Array:
    """Write every box in another layout.

    Raises:
        ArgumentError: an integer result does not fit the dtype of the boxes, or only one of the
            layouts is one of rotated boxes.
    """
    if (source_layout in rotated_boxes.LAYOUTS) != (target_layout in rotated_boxes.LAYOUTS):
        raise ArgumentError("box_convert: both layouts or none must be rotated")
    if source_layout in rotated_boxes.LAYOUTS:
        return rotated_boxes.convert(boxes, source_layout, target_layout)
    if source_layout == target_layout:
        return boxes.copy()
    is_integer = np.issubdtype(boxes.dtype, np.integer)
    exact = boxes.astype(object) if is_integer else boxes
    is_centred = "cxcywh" in (source_layout, target_layout)
    result = np.dtype(np.float32) if is_integer and is_centred else boxes.dtype
    if is_integer and source_layout == "cxcywh":
        exact = boxes.astype(np.float32)
    with np.errstate(all="ignore"):
        corners = _to_corners(exact, source_layout)
        converted = _from_corners(corners, target_layout, result)
    return np.stack([_fitting("box_convert", each, result) for each in converted], axis=-1)


def _to_corners(boxes: Array, layout: str) -> list[Array]:
    a, b, c, d = (boxes[..., i] for i in range(4))
    if layout == "yxyx":
        return [b, a, d, c]
    if layout == "xywh":
        return [a, b, a + c, b + d]
    if layout == "cxcywh":
        half_width, half_height = c / boxes.dtype.type(2), d / boxes.dtype.type(2)
        return [a - half_width, b - half_height, a + half_width, b + half_height]
    return [a, b, c, d]


def _from_corners(corners: list[Array], layout: str, result: np.dtype[Any]) -> list[Array]:
    x1, y1, x2, y2 = corners
    if layout == "yxyx":
        return [y1, x1, y2, x2]
    if layout == "xywh":
        return [x1, y1, x2 - x1, y2 - y1]
    if layout == "cxcywh":
        two = result.type(2)
        centre = [(x1 + x2).astype(result) / two, (y1 + y2).astype(result) / two]
        return [*centre, x2 - x1, y2 - y1]
    return corners


def _fitting(operator: str, values: Array, dtype: np.dtype[Any]) -> Array:
    """The values in a dtype, refused where they are integers that it cannot hold."""
    if np.issubdtype(dtype, np.integer) and values.size:
        limits = np.iinfo(dtype)
        if min(values.flat) < limits.min or max(values.flat) > limits.max:
            raise ArgumentError(f"{operator}: a result does not fit {dtype}")
    return np.asarray(values).astype(dtype)


def box_area(boxes: Array, *, layout: str = "xyxy", box_offset: int = 0) -> Array:
    """Multiply the sides of every box.

    Raises:
        ArgumentError: an integer area does not fit the dtype of the result.
    """
    dtype = boxes.dtype
    if np.issubdtype(dtype, np.integer):
        result = np.dtype(np.int64 if dtype == np.int64 else np.int32)
        wide = boxes.astype(object)
    else:
        result = np.dtype(np.float32) if dtype == np.float16 else dtype
        wide = boxes.astype(result)
    a, b, c, d = (wide[..., i] for i in range(4))
    offset = box_offset if wide.dtype == object else result.type(box_offset)
    with np.errstate(all="ignore"):
        if layout in ("xywh", "cxcywh"):
            area = (c + offset) * (d + offset)
        else:
            area = ((c - a) + offset) * ((d - b) + offset)
    return _fitting("box_area", np.asarray(area), result)


def clip_boxes(boxes: Array, height: float, width: float, *, box_offset: int = 0) -> Array:
    """Move every corner that lies outside an image onto its border.

    Raises:
        ArgumentError: a size is NaN, or a negative one that integer boxes cannot hold.
    """
    if np.isnan(height) or np.isnan(width):
        raise ArgumentError("clip_boxes: a size is nan; it must be a number")
    is_integer = np.issubdtype(boxes.dtype, np.integer)
    has_float = isinstance(height, float) or isinstance(width, float)
    result = np.dtype(np.float32) if is_integer and has_float else boxes.dtype
    wide = boxes.astype(np.int64 if is_integer and not has_float else result)
    sizes = np.array([width, height, width, height], wide.dtype) - wide.dtype.type(box_offset)
    clipped = smaller(larger(wide, np.zeros_like(wide)), sizes)
    return _fitting("clip_boxes", clipped, result)


def small_boxes(
    boxes: Array, min_size: float, *, box_offset: int = 0, side_test: str = "at_least"
) -> Array:
    """Find the boxes whose sides are both long enough.

    Raises:
        ArgumentError: the size is NaN.
    """
    if np.isnan(min_size):
        raise ArgumentError("small_boxes: min_size is nan; it must be a number")
    is_integer = np.issubdtype(boxes.dtype, np.integer)
    wide = boxes.astype(np.int64) if is_integer else boxes
    with np.errstate(all="ignore"):
        sides = [side(wide[:, i], wide[:, i + 2], box_offset) for i in (0, 1)]
    if is_integer and isinstance(min_size, float):
        sides = [each.astype(np.float32) for each in sides]
    limit = sides[0].dtype.type(min_size)
    passes = [each > limit if side_test == "above" else each >= limit for each in sides]
    return np.flatnonzero(passes[0] & passes[1])


def check_valid(boxes: Array, image: Array, *, box_offset: int = 1) -> Array:
    """Tell which boxes have no corner beyond an image of (height, width, ratio)."""
    wide = np.dtype(np.float64 if boxes.dtype == np.float64 else np.float32)
    height, width, ratio = image.astype(wide)
    with np.errstate(all="ignore"):
        x_limit = width * ratio - wide.type(box_offset)
        y_limit = height * ratio - wide.type(box_offset)
    x1, y1, x2, y2 = boxes.astype(wide).T
    is_outside = (x1 < 0) | (y1 < 0) | (x_limit < x2) | (y_limit < y2)
    return np.asarray(np.logical_not(is_outside))


def masks_to_boxes(masks: Array, *, end_offset: int = 0) -> Array:
    """Find the first and last pixel that is set, in rows and columns, of every mask."""
    if masks.size == 0:
        return np.zeros((0, 4), np.float32)
    boxes = np.zeros((len(masks), 4), np.float32)
    for box, mask in zip(boxes, masks, strict=True):
        rows, columns = np.nonzero(mask)
        if len(rows):
            box[:2] = columns.min(), rows.min()
            box[2:] = columns.max() + end_offset, rows.max() + end_offset
    return boxes
