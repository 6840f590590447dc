"""Any number of seeded cases per operator: case n is the same on every machine and in every run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from cases import BOXES, DTYPES, HEIGHT, ROIS, SCORES, THRESHOLDS, WIDTH, Array, Family, features
from cases import generator as _generator

LARGEST = 140
OUTPUT_SIZES = ((1, 1), (2, 3), (3, 2), (7, 7))
SCALES = (1.0, 0.5, 0.25, 1 / 3, 1.1)


@dataclass(frozen=True)
class NmsCase:
    """One call of an nms."""

    boxes: Array
    scores: Array
    iou_threshold: float


@dataclass(frozen=True)
class RoiCase:
    """One call of a RoIAlign; `flag` is `aligned` of torchvision or the end mode of MindSpore."""

    features: Array
    rois: Array
    output_size: tuple[int, int]
    scale: float
    sampling_ratio: int
    flag: int


def chained_boxes(rng: np.random.Generator, count: int, dtype: Any) -> Array:
    """Each box overlaps the next ones: whether it is kept depends on all before it."""
    start = np.arange(count) * rng.uniform(0.5, 6.0)
    top = np.full(count, rng.uniform(-5.0, 5.0))
    return np.stack([start, top, start + 10, top + 10], axis=1).astype(dtype)


def threshold_boxes(rng: np.random.Generator, count: int, dtype: Any) -> Array:
    """Stacks [x, y, x + w, y + h * k / 10]: overlaps of a stack are tenths, rounded once."""
    stack = rng.integers(0, max(count // 6, 1), count)
    corner = rng.integers(-40, 40, (max(count // 6, 1), 2))[stack] * 32
    size = rng.integers(1, 6, (max(count // 6, 1), 2))[stack] * 10
    size[:, 1] = size[:, 1] * rng.integers(1, 11, count) // 10
    return np.concatenate([corner, corner + size], axis=1).astype(dtype)


def neighbouring_boxes(rng: np.random.Generator, count: int, dtype: Any) -> Array:
    """Boxes whose overlaps are tenths, some coordinates moved by one unit in the last place."""
    boxes = threshold_boxes(rng, count, dtype)
    aside = rng.choice(np.array([-np.inf, np.inf], dtype), boxes.shape)
    moved = rng.random(boxes.shape) < 0.3
    return np.where(moved, np.nextafter(boxes, aside), boxes)


def negative_boxes(rng: np.random.Generator, count: int, dtype: Any) -> Array:
    """Sound boxes left of and above the origin."""
    return (BOXES["clustered"](rng, count, np.float64) - 200.0).astype(dtype)


FINITE_BOXES: dict[str, Family] = {
    **{name: family for name, family in BOXES.items() if name not in ("nan", "infinite")},
    "chained": chained_boxes,
    "threshold": threshold_boxes,
    "neighbouring": neighbouring_boxes,
    "negative": negative_boxes,
}
FINITE_SCORES = ("distinct", "tied", "equal")


def bin_edge_rois(rng: np.random.Generator, count: int, dtype: Any) -> Array:
    """Sizes that are whole bins of a 7 x 7 or 2 x 3 grid, and one unit in the last place beside."""
    corner = rng.integers(0, 4, (count, 2)).astype(dtype)
    size = rng.integers(1, 3, (count, 2)) * rng.choice([2, 3, 7], (count, 2))
    corners = np.concatenate([corner, corner + size.astype(dtype)], axis=1)
    aside = rng.choice(np.array([-np.inf, np.inf], dtype), corners.shape)
    corners = np.where(rng.random(corners.shape) < 0.4, np.nextafter(corners, aside), corners)
    images = rng.integers(0, 2, count).astype(dtype)
    return np.concatenate([images[:, None], corners], axis=1)


ROI_FAMILIES: dict[str, tuple[Family, float]] = {
    "bin_edge": (bin_edge_rois, 0.25),
    "inside": (ROIS["inside"], 0.25),
    "border": (ROIS["border"], 0.15),
    "tiny": (ROIS["tiny"], 0.1),
    "zero_size": (ROIS["zero_size"], 0.08),
    "inverted": (ROIS["inverted"], 0.06),
    "half_inverted": (ROIS["half_inverted"], 0.06),
    "outside": (ROIS["outside"], 0.03),
    "large": (ROIS["large"], 0.02),
}
"""Kinds of regions and how often each comes: what lies outside the map gives zeros only."""


def _pick(rng: np.random.Generator, names: Any) -> str:
    return str(rng.choice(list(names)))


FEW_THRESHOLDS = tuple(_generator("few thresholds").random(32).tolist())
"""For a framework that takes long to prepare an operator."""


def nms_case(
    number: int, dtypes: tuple[Any, ...] = DTYPES, uneven: tuple[float, ...] = ()
) -> NmsCase:
    """Case `number` of suppression; thresholds that are no tenths come from `uneven` if given."""
    rng = _generator("bulk nms", number)
    count = int(rng.integers(2, LARGEST) if rng.random() < 0.3 else rng.integers(2, 24))
    dtype = dtypes[rng.integers(len(dtypes))]
    boxes = FINITE_BOXES[_pick(rng, FINITE_BOXES)](rng, count, dtype)
    scores = SCORES[_pick(rng, FINITE_SCORES)](rng, count, dtype)
    if rng.random() < 0.7:
        return NmsCase(boxes, scores, float(rng.choice(THRESHOLDS)))
    return NmsCase(boxes, scores, float(rng.choice(uneven) if uneven else rng.random()))


def roi_case(number: int, dtypes: tuple[Any, ...] = DTYPES) -> RoiCase:
    """Case `number` of RoIAlign."""
    rng = _generator("bulk roi_align", number)
    dtype = dtypes[rng.integers(len(dtypes))]
    weights = [weight for _, weight in ROI_FAMILIES.values()]
    family, _ = ROI_FAMILIES[str(rng.choice(list(ROI_FAMILIES), p=weights))]
    rois = family(rng, int(rng.integers(1, 9)), dtype)
    return RoiCase(
        features(rng, dtype, (2, int(rng.integers(1, 5)), HEIGHT, WIDTH)),
        rois,
        OUTPUT_SIZES[rng.integers(len(OUTPUT_SIZES))],
        float(rng.choice(SCALES)),
        int(rng.integers(-1, 4)),
        int(rng.integers(2)),
    )
