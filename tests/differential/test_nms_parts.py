"""Candidates that are ordered part by part keep what candidates do that are ordered at once.

A result that shows the order of all boxes, such as `sorted_keep_mask`, has to order them at once,
so the same call with such an output is the measure; torchvision is another where it has the rule.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cases import Array, generator
from real_frameworks import torchvision_nms

from opsbridge.core.nms import NmsRule, nms
from opsbridge.frameworks.numpy import LAYER

# Around what is ordered at once, and large enough for several parts.
SIZES = (255, 256, 257, 400, 1000, 5000)


def clusters(rng: np.random.Generator, count: int, of: int, jitter: float) -> Array:
    """Objects with `of` boxes each, which differ the more the larger the jitter is."""
    objects = max(count // of, 1)
    center, side = rng.uniform(0, 900, (objects, 2)), rng.uniform(20, 120, (objects, 2))
    chosen = rng.integers(0, objects, count)
    center = center[chosen] + side[chosen] * rng.normal(0, jitter, (count, 2))
    side = side[chosen] * np.exp(rng.normal(0, jitter, (count, 2)))
    return np.concatenate([center - side / 2, center + side / 2], 1).astype(np.float32)


def orders_of_scores(rng: np.random.Generator, count: int) -> dict[str, Array]:
    """Scores that a sample tells much about, nothing, or the wrong thing."""
    drawn = rng.random(count)
    misleading = np.sort(drawn)
    # Evenly spaced boxes have the best scores, and the sample is evenly spaced.
    spaced = np.arange(64) * count // 64
    others = np.setdiff1d(np.arange(count), spaced)
    misleading[spaced], misleading[others] = np.sort(drawn)[-64:], np.sort(drawn)[:-64]
    ties = rng.integers(0, 4, count) / 4
    with_nan = np.where(rng.random(count) < 0.2, np.nan, drawn)
    return {
        "drawn": drawn,
        "falling": np.sort(drawn)[::-1],
        "rising": np.sort(drawn),
        "misleading": misleading,
        "ties": ties,
        "equal": np.full(count, 0.5),
        "with_nan": with_nan,
    }


def kept_at_once(*arguments: Any, **options: Any) -> Array:
    outputs = (("keep", "int64"), ("sorted_keep_mask", "bool"))
    return nms(LAYER, *arguments, outputs=outputs, **options)[0]


@pytest.mark.parametrize("count", SIZES)
@pytest.mark.parametrize(("of", "jitter"), [(10**9, 0.02), (50, 0.06), (10, 0.2), (1, 0.5)])
def test_parts_keep_what_all_at_once_keep(count: int, of: int, jitter: float) -> None:
    rng = generator("parts", count, of)
    boxes = clusters(rng, count, of, jitter)
    for name, scores in orders_of_scores(rng, count).items():
        scores = scores.astype(np.float32)
        for threshold in (0.02, 0.5, 0.8):
            (kept,) = nms(LAYER, boxes, scores, threshold, rule=NmsRule())
            expected = kept_at_once(boxes, scores, threshold, rule=NmsRule())
            assert np.array_equal(kept, expected), (name, threshold)
            assert np.array_equal(kept, torchvision_nms(boxes, scores, threshold)), name


@pytest.mark.parametrize("kept_order", ["rank", "index"])
def test_limits_and_masks_hold_for_parts(kept_order: Any) -> None:
    rng = generator("limits of parts", kept_order)
    rule = NmsRule(kept_order=kept_order, nan_score="drop")
    outputs = (("keep", "int64"), ("keep_mask", "bool"))
    for most in (0, 1, 15, 16, 17, 60, 200, 5000):
        boxes = clusters(rng, 1500, 15, 0.08)
        scores = orders_of_scores(rng, 1500)["with_nan"].astype(np.float32)
        options: Any = {"rule": rule, "max_outputs": most, "score_threshold": 0.3}
        kept, mask = nms(LAYER, boxes, scores, 0.5, outputs=outputs, **options)
        assert np.array_equal(kept, kept_at_once(boxes, scores, 0.5, **options))
        assert np.array_equal(np.flatnonzero(mask), np.sort(kept))


@pytest.mark.parametrize("step", [1, 3, 2**40])
def test_classes_that_are_counted_and_classes_that_are_sorted(step: int) -> None:
    rng = generator("classes", step)
    boxes, scores = clusters(rng, 3000, 20, 0.08), rng.integers(0, 500, 3000).astype(np.float32)
    classes = rng.integers(-20, 20, 3000)
    (kept,) = nms(LAYER, boxes, scores, 0.5, groups=classes * step, rule=NmsRule())
    alone = [
        rows[nms(LAYER, boxes[rows], scores[rows], 0.5, rule=NmsRule())[0]]
        for rows in (np.flatnonzero(classes == one) for one in range(-20, 20))
    ]
    expected = np.sort(np.concatenate(alone))
    best_first = expected[np.argsort(-scores[expected], kind="stable")]
    assert np.array_equal(kept, best_first)
