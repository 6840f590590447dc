"""Soft suppression keeps the frameworks' order, also where scores are equal or boxes odd."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cases import generator

from opsbridge.core.soft_nms import SoftNmsRule, soft_nms
from opsbridge.frameworks.numpy import LAYER
from opsbridge.reference.soft_nms import soft_nms as reference

AXES = ("box_offset", "method", "overlap_test", "disjoint_box", "first_box")


def scattered(rng: np.random.Generator, count: int) -> Any:
    """Boxes of which few meet, so that whole blocks are passed over."""
    corner = rng.uniform(0, 400, (count, 2))
    return np.concatenate([corner, corner + rng.uniform(1, 60, (count, 2))], axis=1)


def clustered(rng: np.random.Generator, count: int) -> Any:
    """Boxes that nearly coincide with many others: most are dropped, several in one step."""
    corner = rng.uniform(0, 300, (1 + count // 12, 2))[rng.integers(0, 1 + count // 12, count)]
    corner = corner + rng.normal(0, 3, (count, 2))
    return np.concatenate([corner, corner + rng.uniform(30, 40, (count, 2))], axis=1)


def crude(rng: np.random.Generator, count: int) -> Any:
    """Small whole numbers: equal, inverted and empty boxes."""
    return rng.integers(0, 6, (count, 4)).astype(float)


def broken(rng: np.random.Generator, count: int) -> Any:
    """Some corners are infinite or no number."""
    boxes = scattered(rng, count)
    boxes[rng.random(boxes.shape) < 0.02] = rng.choice([np.nan, np.inf, -np.inf])
    return boxes


def tied(rng: np.random.Generator, count: int) -> Any:
    return rng.integers(0, 5, count) / 4


def odd(rng: np.random.Generator, count: int) -> Any:
    scores = rng.random(count)
    bad = rng.random(count) < 0.1
    scores[bad] = rng.choice([np.nan, np.inf, -np.inf, 0.0, -0.0, 0.25], bad.sum())
    return scores


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
@pytest.mark.parametrize("draw_scores", [tied, odd])
@pytest.mark.parametrize("draw_boxes", [scattered, clustered, crude, broken])
def test_same_rows_and_scores(draw_boxes: Any, draw_scores: Any, dtype: Any) -> None:
    rng = generator("order of soft nms", draw_boxes.__name__, draw_scores.__name__, dtype.__name__)
    for count in (1, 16, 17, 50, 90):
        boxes, scores = draw_boxes(rng, count).astype(dtype), draw_scores(rng, count).astype(dtype)
        axes = {axis: SoftNmsRule.axes[axis] for axis in AXES}
        drawn: dict[str, Any] = {axis: v[rng.integers(len(v))] for axis, v in axes.items()}
        settings = (float(rng.choice([0.3, 0.0, 0.7])), 0.5, float(rng.choice([1e-3, 0.25, 0.0])))
        kept, rows = soft_nms(LAYER, boxes, scores, *settings, rule=SoftNmsRule(**drawn))
        with np.errstate(all="ignore"):
            expected = reference(boxes, scores, *settings, **drawn)
        assert rows.tolist() == expected.keep.tolist(), drawn
        np.testing.assert_array_equal(kept, expected.kept_boxes, err_msg=str(drawn))
