"""Offsets from anchors to boxes and back, in plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from opsbridge.errors import ArgumentError
from opsbridge.reference.overlap import side
from opsbridge.reference.rounding import Array, larger, smaller


class _Centred(NamedTuple):
    x: Array
    y: Array
    width: Array
    height: Array


def _centred(boxes: Array, box_offset: int, centre: str = "midpoint") -> _Centred:
    x1, y1, x2, y2 = np.moveaxis(boxes, -1, 0)
    half = boxes.dtype.type(0.5)
    width, height = side(x1, x2, box_offset), side(y1, y2, box_offset)
    if centre == "low_and_half_side":
        return _Centred(x1 + width * half, y1 + height * half, width, height)
    return _Centred((x1 + x2) * half, (y1 + y2) * half, width, height)


def _function(function: np.ufunc, values: Array) -> Array:
    """A function of float64 values, rounded to float32 on the way to 16 bits."""
    narrow = values.dtype != np.float64
    exact = np.asarray(function(values.astype(np.float64)))
    return np.asarray((exact.astype(np.float32) if narrow else exact).astype(values.dtype))


def _settings(values: Sequence[float], dtype: np.dtype[np.generic]) -> Array:
    return np.array(values, np.float32).astype(dtype)


def _deviations(shared: Sequence[float], own: Array | None, anchors: Array) -> Array:
    """Four for all anchors, or four for each."""
    return _settings(shared, anchors.dtype) if own is None else own.astype(anchors.dtype)


def box_encode(
    anchors: Array,
    targets: Array,
    means: Sequence[float] = (0.0, 0.0, 0.0, 0.0),
    deviations: Sequence[float] = (1.0, 1.0, 1.0, 1.0),
    anchor_deviations: Array | None = None,
    *,
    box_offset: int = 1,
    pairing: str = "aligned",
    anchor_centre: str = "midpoint",
    side_ratio: str = "as_it_is",
) -> Array:
    """Write every target box as the offsets that lead to it from its anchor, or from every one."""
    if pairing == "every_pair":
        targets = targets[:, None]
    with np.errstate(all="ignore"):
        anchor = _centred(anchors, box_offset, anchor_centre)
        target = _centred(targets, box_offset)
        ratios = [target.width / anchor.width, target.height / anchor.height]
        if side_ratio == "absolute":
            ratios = [np.abs(ratio) for ratio in ratios]
        shifts = [(target.x - anchor.x) / anchor.width, (target.y - anchor.y) / anchor.height]
        offsets = np.stack([*shifts, *(_function(np.log, ratio) for ratio in ratios)], axis=-1)
        mean = _settings(means, anchors.dtype)
        return np.asarray((offsets - mean) / _deviations(deviations, anchor_deviations, anchors))


def box_decode(
    anchors: Array,
    offsets: Array,
    height: int | None = None,
    width: int | None = None,
    means: Sequence[float] = (0.0, 0.0, 0.0, 0.0),
    deviations: Sequence[float] = (1.0, 1.0, 1.0, 1.0),
    ratio_clip: float | None = None,
    anchor_deviations: Array | None = None,
    *,
    box_offset: int = 1,
    anchors_along: str = "rows",
    anchor_centre: str = "midpoint",
    taken_off: str = "half_each",
) -> Array:
    """Move every anchor by its offsets and cut the box to an image, if one is given.

    Raises:
        ArgumentError: a size is negative, or offsets have not the axes that hold anchors.
    """
    if offsets.ndim != (2 if anchors_along == "rows" else 3):
        raise ArgumentError(f"box_decode: offsets have {offsets.ndim} axes")
    if min(height or 0, width or 0) < 0:
        raise ArgumentError("box_decode: a size is negative; it must be at least 0")
    number = anchors.dtype.type
    half = number(0.5)
    insets = (0.0, 1.0) if taken_off == "high" else (0.5, 0.5)
    low_inset, high_inset = (number(inset * box_offset) for inset in insets)
    deviation = _deviations(deviations, anchor_deviations, anchors)
    if anchors_along == "first_axis":
        anchors = anchors[:, None]
        deviation = deviation[:, None] if deviation.ndim == 2 else deviation
    with np.errstate(all="ignore"):
        clip = number(np.inf if ratio_clip is None else abs(np.log(np.float32(ratio_clip))))
        moves = offsets * deviation + _settings(means, anchors.dtype)
        dx, dy, dw, dh = np.moveaxis(moves, -1, 0)
        anchor = _centred(anchors, box_offset, anchor_centre)
        sides = [
            _function(np.exp, larger(smaller(each, clip), number(0) - clip)) * side_of_anchor
            for each, side_of_anchor in ((dw, anchor.width), (dh, anchor.height))
        ]
        x, y = dx * anchor.width + anchor.x, dy * anchor.height + anchor.y
        low = [(x - sides[0] * half) + low_inset, (y - sides[1] * half) + low_inset]
        high = [(x + sides[0] * half) - high_inset, (y + sides[1] * half) - high_inset]
    boxes = np.stack([*low, *high], axis=-1)
    if height is None or width is None:
        return np.asarray(boxes)
    sizes = np.array([width, height, width, height], anchors.dtype)
    return larger(smaller(boxes, sizes), np.zeros_like(boxes))
