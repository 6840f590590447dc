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


def _centred(boxes: Array, box_offset: int) -> _Centred:
    x1, y1, x2, y2 = boxes.T
    half = boxes.dtype.type(0.5)
    return _Centred(
        (x1 + x2) * half, (y1 + y2) * half, side(x1, x2, box_offset), side(y1, y2, box_offset)
    )


def _function(function: np.ufunc, values: Array) -> Array:
    """A function of float64 values, rounded to float32 on the way to 16 bits."""
    narrow = values.dtype != np.float64
    exact = np.asarray(function(values.astype(np.float64)))
    return np.asarray((exact.astype(np.float32) if narrow else exact).astype(values.dtype))


def _settings(values: Sequence[float], dtype: np.dtype[np.generic]) -> Array:
    return np.array(values, np.float32).astype(dtype)


def box_encode(
    anchors: Array,
    targets: Array,
    means: Sequence[float],
    deviations: Sequence[float],
    *,
    box_offset: int = 1,
) -> Array:
    """Write every target box as the offsets that lead to it from its anchor."""
    with np.errstate(all="ignore"):
        anchor, target = _centred(anchors, box_offset), _centred(targets, box_offset)
        offsets = np.stack(
            [
                (target.x - anchor.x) / anchor.width,
                (target.y - anchor.y) / anchor.height,
                _function(np.log, target.width / anchor.width),
                _function(np.log, target.height / anchor.height),
            ],
            axis=1,
        )
        mean, deviation = (_settings(given, anchors.dtype) for given in (means, deviations))
        return np.asarray((offsets - mean) / deviation)


def box_decode(
    anchors: Array,
    offsets: Array,
    means: Sequence[float],
    deviations: Sequence[float],
    height: int,
    width: int,
    ratio_clip: float,
    *,
    box_offset: int = 1,
) -> Array:
    """Move every anchor by its offsets and cut the box to an image.

    Raises:
        ArgumentError: a size is negative.
    """
    if height < 0 or width < 0:
        raise ArgumentError("box_decode: a size is negative; it must be at least 0")
    number = anchors.dtype.type
    half, inset = number(0.5), number(0.5 * box_offset)
    with np.errstate(all="ignore"):
        clip = number(abs(np.log(np.float32(ratio_clip))))
        mean, deviation = (_settings(given, anchors.dtype) for given in (means, deviations))
        dx, dy, dw, dh = (offsets * deviation + mean).T
        anchor = _centred(anchors, box_offset)
        sides = [
            _function(np.exp, larger(smaller(each, clip), number(0) - clip)) * side_of_anchor
            for each, side_of_anchor in ((dw, anchor.width), (dh, anchor.height))
        ]
        x, y = dx * anchor.width + anchor.x, dy * anchor.height + anchor.y
        low = [(x - sides[0] * half) + inset, (y - sides[1] * half) + inset]
        high = [(x + sides[0] * half) - inset, (y + sides[1] * half) - inset]
    sizes = np.array([width, height, width, height], anchors.dtype)
    boxes = np.stack([*low, *high], axis=1)
    return larger(smaller(boxes, sizes), np.zeros_like(boxes))
