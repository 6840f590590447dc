"""Seeded inputs: the distributions of boxes and regions that the cases draw from.

Every function takes a generator first, and two calls never give the same values. Scores are
distinct and above zero, so that no peer's rule for ties or for empty scores plays a part.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Inputs = dict[str, Array]
Generator = np.random.Generator


def distinct_scores(rng: Generator, count: int) -> Array:
    return ((rng.permutation(count) + 1) / (count + 1)).astype(np.float32)


def _around(centers: Array, sides: Array) -> Array:
    return np.concatenate([centers - sides / 2, centers + sides / 2], axis=1).astype(np.float32)


def rpn(rng: Generator, count: int) -> Array:
    """Jittered clusters, 50 boxes an object: what a region proposal network emits."""
    objects = max(count // 50, 1)
    sides = np.exp(rng.uniform(np.log(24), np.log(320), (objects, 2)))
    centers = rng.uniform(0, 1, (objects, 2)) * [1216, 800]
    of = rng.integers(0, objects, count)
    jitter = 0.055
    return _around(
        centers[of] + sides[of] * rng.normal(0, jitter, (count, 2)),
        sides[of] * np.exp(rng.normal(0, jitter, (count, 2))),
    )


def sparse(rng: Generator, count: int) -> Array:
    """Constant density: the image grows with the number of boxes, and nearly all survive."""
    extent = 100 * np.sqrt(count)
    return _around(rng.uniform(0, extent, (count, 2)), rng.uniform(8, 120, (count, 2)))


def uniform(rng: Generator, count: int) -> Array:
    """A 1000 x 1000 image however many boxes: it fills up."""
    return _around(rng.uniform(0, 1000, (count, 2)), rng.uniform(8, 120, (count, 2)))


def adversarial(rng: Generator, count: int) -> Array:
    """Every box overlaps every other, and at a threshold of 0.95 nearly all survive."""
    ends = rng.uniform(0, 480, (count, 2)), rng.uniform(520, 1000, (count, 2))
    return np.concatenate(ends, axis=1).astype(np.float32)


def same(rng: Generator, count: int) -> Array:
    """One cluster, one survivor."""
    return (np.array([300, 300, 500, 500]) + rng.normal(0, 4, (count, 4))).astype(np.float32)


BOXES = {"rpn": rpn, "sparse": sparse, "uniform": uniform, "adv": adversarial, "same": same}
IOU_THRESHOLDS = {"rpn": 0.7, "sparse": 0.5, "uniform": 0.5, "adv": 0.95, "same": 0.5}


def scored_boxes(rng: Generator, distribution: str, count: int) -> Inputs:
    return {"boxes": BOXES[distribution](rng, count), "scores": distinct_scores(rng, count)}


def class_boxes(rng: Generator, distribution: str, count: int, classes: int = 80) -> Inputs:
    labels = rng.integers(0, classes, count)
    return {**scored_boxes(rng, distribution, count), "groups": labels}


def box_pairs(rng: Generator, count: int, others: int) -> Inputs:
    return {"boxes": uniform(rng, count), "others": uniform(rng, others)}


def regions(
    rng: Generator, shape: tuple[int, int, int, int], count: int, scale: float, sides: Any
) -> Inputs:
    """A feature map and regions of an image of its extent, ordered by image.

    `sides` is the range of their sides in pixels of the image, spread over it logarithmically.
    """
    images, _, height, width = shape
    spans = np.exp(rng.uniform(*np.log(sides), (count, 2)))
    centers = rng.uniform(0, 1, (count, 2)) * [width / scale, height / scale]
    batch = np.sort(rng.integers(0, images, count))[:, None]
    features = rng.standard_normal(shape, dtype=np.float32)
    rois = np.concatenate([batch, _around(centers, spans)], axis=1).astype(np.float32)
    return {"features": features, "rois": rois}
