"""Seeded inputs for every test that compares implementations: boxes, scores, features, regions.

Each family is a function of a random generator, a size and a dtype, and aims at one way in which
implementations part: ties, thresholds hit exactly, coordinates that round, overflow or mean
nothing, samples that fall on the border of the image.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Family = Callable[[np.random.Generator, int, Any], Array]

SIZES = (0, 1, 2, 3, 5, 16, 17, 63, 64, 65, 127, 200, 1000)
SMALL_SIZES = (0, 1, 2, 3, 5, 16, 17, 64, 65, 130)
THRESHOLDS = tuple(tenth / 10 for tenth in range(11))
UNUSUAL_THRESHOLDS = (-0.5, -1e-9, 1e-9, 1.0 - 2**-30, 1.5, float("inf"), float("-inf"))
DTYPES = (np.float32, np.float64)
ALL_DTYPES = (np.float16, *DTYPES)


def generator(*seeds: int | str) -> np.random.Generator:
    """A generator that depends on all the words and numbers that name a case."""
    words = [seed if isinstance(seed, int) else int.from_bytes(seed.encode()) for seed in seeds]
    return np.random.default_rng(words)


# --- boxes -------------------------------------------------------------------------------------


def random_boxes(rng: np.random.Generator, count: int, dtype: Any) -> Array:
    """Boxes at unrelated places: every operation rounds."""
    corner = rng.uniform(0, 60, (count, 2))
    return np.concatenate([corner, corner + rng.uniform(1, 40, (count, 2))], 1).astype(dtype)


def dyadic_boxes(rng: np.random.Generator, count: int, dtype: Any) -> Array:
    """Corners on a grid of quarters: areas are exact, many overlaps are equal."""
    corner = rng.integers(0, 24, (count, 2)) / 4
    return np.concatenate([corner, corner + rng.integers(1, 16, (count, 2)) / 4], 1).astype(dtype)


def clustered_boxes(rng: np.random.Generator, count: int, dtype: Any) -> Array:
    """A few objects with many slightly different boxes each, as detectors produce them."""
    centers = random_boxes(rng, max(count // 8, 1), np.float64)
    chosen = centers[rng.integers(0, len(centers), count)]
    return (chosen + rng.normal(0, 1.5, (count, 4))).astype(dtype)


def exact_overlap_boxes(rng: np.random.Generator, count: int, dtype: Any) -> Array:
    """Boxes [0, 0, 10, h]: the overlap of each with the tallest is h / 10, rounded once."""
    boxes = np.zeros((count, 4))
    boxes[:, 2] = 10
    boxes[:, 3] = rng.integers(1, 11, count)
    return boxes.astype(dtype)


def identical_boxes(rng: np.random.Generator, count: int, dtype: Any) -> Array:
    """One box many times: only the order of the candidates decides which one is kept."""
    return np.repeat(random_boxes(rng, 1, dtype), count, axis=0)


def degenerate_boxes(rng: np.random.Generator, count: int, dtype: Any) -> Array:
    """Points, lines, boxes inverted along one axis or both, touching boxes, sound ones."""
    boxes = dyadic_boxes(rng, count, dtype)
    kind = rng.integers(0, 7, count)
    boxes[kind == 0, 2:] = boxes[kind == 0, :2]
    boxes[kind == 1, 2] = boxes[kind == 1, 0]
    boxes[kind == 2] = boxes[kind == 2][:, [2, 3, 0, 1]]
    boxes[kind == 3] = boxes[kind == 3][:, [2, 1, 0, 3]]
    boxes[kind == 4] = boxes[kind == 4][:, [0, 3, 2, 1]]
    boxes[kind == 5] = boxes[kind == 5][:, [2, 1, 2, 3]] + np.array([0, 0, 1, 0], dtype)
    return boxes


def huge_boxes(rng: np.random.Generator, count: int, dtype: Any) -> Array:
    """Areas near and beyond the largest number of the type."""
    limit = {np.float16: 250.0, np.float32: 1e19, np.float64: 1e154}[dtype]
    boxes = random_boxes(rng, count, np.float64) * rng.choice([limit / 20, limit])
    return boxes.astype(dtype)


def subnormal_boxes(rng: np.random.Generator, count: int, dtype: Any) -> Array:
    """Coordinates and areas below the smallest normal number."""
    scale = {np.float16: 1e-4, np.float32: 1e-42, np.float64: 1e-161}[dtype]
    return (random_boxes(rng, count, np.float64) * scale).astype(dtype)


def nan_boxes(rng: np.random.Generator, count: int, dtype: Any) -> Array:
    """Every fifth box, about, has a NaN coordinate."""
    boxes = clustered_boxes(rng, count, dtype)
    rows = np.flatnonzero(rng.random(count) < 0.2)
    boxes[rows, rng.integers(0, 4, len(rows))] = np.nan
    return boxes


def infinite_boxes(rng: np.random.Generator, count: int, dtype: Any) -> Array:
    """Every third box, about, is unbounded on one side."""
    boxes = clustered_boxes(rng, count, dtype)
    rows = np.flatnonzero(rng.random(count) < 0.3)
    boxes[rows, rng.integers(0, 4, len(rows))] = rng.choice([np.inf, -np.inf], len(rows))
    return boxes


BOXES: dict[str, Family] = {
    "random": random_boxes,
    "dyadic": dyadic_boxes,
    "clustered": clustered_boxes,
    "exact_overlap": exact_overlap_boxes,
    "identical": identical_boxes,
    "degenerate": degenerate_boxes,
    "huge": huge_boxes,
    "subnormal": subnormal_boxes,
    "nan": nan_boxes,
    "infinite": infinite_boxes,
}


# --- scores ------------------------------------------------------------------------------------


def distinct_scores(rng: np.random.Generator, count: int, dtype: Any) -> Array:
    """No two equal."""
    return (rng.permutation(count) / max(count, 1)).astype(dtype)


def tied_scores(rng: np.random.Generator, count: int, dtype: Any) -> Array:
    """Four values only, with zeros of both signs."""
    return rng.choice([0.0, -0.0, 0.5, -0.5], count).astype(dtype)


def equal_scores(rng: np.random.Generator, count: int, dtype: Any) -> Array:
    """All equal."""
    return np.full(count, rng.random(), dtype)


def infinite_scores(rng: np.random.Generator, count: int, dtype: Any) -> Array:
    """Infinities of both signs among finite scores."""
    return rng.choice([np.inf, -np.inf, 0.25, 0.75], count).astype(dtype)


def nan_scores(rng: np.random.Generator, count: int, dtype: Any) -> Array:
    """NaN and +inf among finite scores."""
    return rng.choice([np.nan, np.inf, 0.25, 0.75], count).astype(dtype)


SCORES: dict[str, Family] = {
    "distinct": distinct_scores,
    "tied": tied_scores,
    "equal": equal_scores,
    "infinite": infinite_scores,
    "nan": nan_scores,
}


# --- features and regions ----------------------------------------------------------------------

BATCH, CHANNELS, HEIGHT, WIDTH = 2, 3, 11, 14


def features(
    rng: np.random.Generator,
    dtype: Any,
    shape: tuple[int, int, int, int] = (BATCH, CHANNELS, HEIGHT, WIDTH),
) -> Array:
    """Feature maps in which no two pixels are equal: a wrong neighbour always shows."""
    return rng.standard_normal(shape).astype(dtype)


def _rois(rng: np.random.Generator, corners: Array, dtype: Any) -> Array:
    images = rng.integers(0, BATCH, len(corners))
    return np.concatenate([images[:, None], corners], axis=1).astype(dtype)


def inside_rois(rng: np.random.Generator, count: int, dtype: Any) -> Array:
    """Sound regions, most of them on the image for scales up to one."""
    corner = rng.uniform(0, 9, (count, 2))
    return _rois(rng, np.concatenate([corner, corner + rng.uniform(0.1, 8, (count, 2))], 1), dtype)


def outside_rois(rng: np.random.Generator, count: int, dtype: Any) -> Array:
    """Regions that reach over the border or do not touch the image at all."""
    corner = rng.uniform(-25, 25, (count, 2))
    return _rois(rng, np.concatenate([corner, corner + rng.uniform(0.1, 30, (count, 2))], 1), dtype)


def zero_size_rois(rng: np.random.Generator, count: int, dtype: Any) -> Array:
    """Points and lines."""
    rois = inside_rois(rng, count, dtype)
    flat = rng.integers(0, 3, count)
    rois[flat != 0, 3] = rois[flat != 0, 1]
    rois[flat != 1, 4] = rois[flat != 1, 2]
    return rois


def inverted_rois(rng: np.random.Generator, count: int, dtype: Any) -> Array:
    """Regions whose end lies before their start along both axes."""
    return inside_rois(rng, count, dtype)[:, [0, 3, 4, 1, 2]]


def half_inverted_rois(rng: np.random.Generator, count: int, dtype: Any) -> Array:
    """Regions whose end lies before their start along one axis."""
    rois = inside_rois(rng, count, dtype)
    swapped = rng.random(count) < 0.5
    rois[swapped] = rois[swapped][:, [0, 3, 2, 1, 4]]
    rois[~swapped] = rois[~swapped][:, [0, 1, 4, 3, 2]]
    return rois


def border_rois(rng: np.random.Generator, count: int, dtype: Any) -> Array:
    """Samples exactly at -1, 0, the last pixel and the size of the image, and one ulp beside."""
    places_x = np.array([-2, -1, 0, 1, WIDTH - 2, WIDTH - 1, WIDTH, WIDTH + 1], dtype)
    places_y = np.array([-2, -1, 0, 1, HEIGHT - 2, HEIGHT - 1, HEIGHT, HEIGHT + 1], dtype)
    corners = np.stack(
        [rng.choice(places, count) for places in (places_x, places_y, places_x, places_y)], axis=1
    )
    ends = np.maximum(corners[:, :2], corners[:, 2:]), np.minimum(corners[:, :2], corners[:, 2:])
    corners = np.concatenate([ends[1], ends[0]], axis=1)
    aside = rng.choice(np.array([-np.inf, np.inf], dtype), corners.shape)
    moved = rng.random(corners.shape) < 0.3
    return _rois(rng, np.where(moved, np.nextafter(corners, aside), corners), dtype)


def large_rois(rng: np.random.Generator, count: int, dtype: Any) -> Array:
    """Regions far larger than the image: most samples are outside."""
    corner = rng.uniform(-250, 5, (count, 2))
    return _rois(rng, np.concatenate([corner, rng.uniform(6, 250, (count, 2))], 1), dtype)


def tiny_rois(rng: np.random.Generator, count: int, dtype: Any) -> Array:
    """Regions far below one pixel; some have both x below a thousandth."""
    start = rng.uniform(0, 0.002, (count, 2))
    end = start + rng.uniform(0, 0.001, (count, 2))
    return _rois(rng, np.concatenate([start, end], axis=1), dtype)


ROIS: dict[str, Family] = {
    "inside": inside_rois,
    "outside": outside_rois,
    "zero_size": zero_size_rois,
    "inverted": inverted_rois,
    "half_inverted": half_inverted_rois,
    "border": border_rois,
    "large": large_rois,
    "tiny": tiny_rois,
}


# --- comparison --------------------------------------------------------------------------------


def assert_same_bits(actual: Array, expected: Array) -> None:
    """Equal dtype, shape and bits, signs of zero included; any NaN equals any NaN."""
    assert actual.dtype == expected.dtype
    assert actual.shape == expected.shape
    if actual.tobytes() == expected.tobytes():
        return  # at once: what follows is slow, and says where and what the difference is
    nan = np.isnan(expected)
    np.testing.assert_array_equal(np.isnan(actual), nan)
    np.testing.assert_array_equal(actual[~nan], expected[~nan])
    np.testing.assert_array_equal(np.signbit(actual[~nan]), np.signbit(expected[~nan]))
