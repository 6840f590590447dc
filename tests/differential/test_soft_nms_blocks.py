"""Soft suppression passes over whole blocks of boxes, and selects what the plain loop selects."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cases import generator

from opsbridge.core.soft_nms import SoftNmsRule, soft_nms
from opsbridge.frameworks.numpy import LAYER
from opsbridge.reference.soft_nms import soft_nms as reference

COUNTS = (90, 200)  # fewer and more than are looked at without blocks


def nested(rng: np.random.Generator, count: int) -> Any:
    """Boxes of very different sizes: most share less with each other than a threshold asks for."""
    center, side = rng.uniform(0, 200, (count, 2)), np.exp(rng.uniform(-2, 4, (count, 2)))
    return np.concatenate([center - side, center + side], axis=1)


def thresholds(rng: np.random.Generator, count: int) -> Any:
    """Unit squares, shifted so that overlaps lie at and around one third, and one half."""
    corner = rng.integers(0, 12, (count, 2)) * 4.0
    corner[:, 0] += rng.choice([0, 2, 4 / 3, 1], count)
    return np.concatenate([corner, corner + 4], axis=1)


def tiny(rng: np.random.Generator, count: int) -> Any:
    """Areas that are hardly numbers any more."""
    corner = rng.uniform(0, 1, (count, 2))
    return np.concatenate([corner, corner + rng.uniform(0, 0.2, (count, 2))], axis=1) * 1e-19


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("draw", [nested, thresholds, tiny])
def test_same_rows_and_scores(draw: Any, dtype: Any, count: int) -> None:
    rng = generator("blocks of soft nms", draw.__name__, dtype.__name__, count)
    boxes, scores = draw(rng, count), rng.integers(1, 60, count) / 60
    axes: dict[str, Any] = {
        "method": str(rng.choice(["linear", "naive"])),
        "layout": str(rng.choice(["xyxy", "xywh"])),
    }
    if axes["layout"] == "xywh":
        boxes[:, 2:] -= boxes[:, :2]
    boxes, scores = boxes.astype(dtype), scores.astype(dtype)
    settings = float(rng.choice([1 / 3, 0.5])), 0.5, 0.25
    kept, rows = soft_nms(LAYER, boxes, scores, *settings, rule=SoftNmsRule(**axes))
    with np.errstate(all="ignore"):
        expected = reference(boxes, scores, *settings, **axes)
    assert rows.tolist() == expected.keep.tolist(), (axes, settings)
    np.testing.assert_array_equal(kept, expected.kept_boxes)


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("spoilt", [None, "infinite", "inverted"])
@pytest.mark.parametrize("disjoint", ["weighted", "skipped"])
@pytest.mark.parametrize("method", ["linear", "gaussian", "naive"])
def test_boxes_that_do_not_meet(method: str, disjoint: str, spoilt: str | None, count: int) -> None:
    """A weight of one may spare them; of an overlap of 0, or of 0 over 0, it may be another."""
    rng = generator("pruning of soft nms", method, disjoint, str(spoilt), count)
    boxes, scores = thresholds(rng, count), rng.integers(1, 60, count) / 60
    if spoilt == "infinite":
        boxes[::9, 2] = np.inf
    if spoilt == "inverted":
        boxes[::9] = boxes[::9][:, [2, 1, 0, 1]]  # no height, and a width below zero
    axes: dict[str, Any] = {"method": method, "disjoint_box": disjoint}
    settings = 0.0 if method == "naive" else 0.3, 0.5, 0.2
    kept, rows = soft_nms(LAYER, boxes, scores, *settings, rule=SoftNmsRule(**axes))
    with np.errstate(all="ignore"):
        expected = reference(boxes, scores, *settings, **axes)
    assert rows.tolist() == expected.keep.tolist()
    np.testing.assert_array_equal(kept, expected.kept_boxes)
