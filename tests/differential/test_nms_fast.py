"""The fast sweeps of suppression against torchvision and against the plain sweep, exactly.

Which pairs are looked at depends on how many boxes there are, where they lie and what they look
like, so sizes cross every switch, and boxes are what the reasoning of the grid has to survive.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cases import (
    Array,
    clustered_boxes,
    dyadic_boxes,
    exact_overlap_boxes,
    generator,
    random_boxes,
)
from child_process import python_output
from real_frameworks import torchvision_nms

from opsbridge.core.nms import NmsRule, nms
from opsbridge.frameworks.numpy import LAYER

# Around what the code switches at: blocks, counting and radix order, sweep and grid, digits.
SIZES = (47, 64, 65, 191, 193, 300, 449, 513, 700, 2049, 4097)
LARGE_SIZES = (8193, 20000)
Boxes = Callable[[np.random.Generator, int, Any], Array]


def spread_boxes(rng: np.random.Generator, count: int, dtype: Any) -> Array:
    """Boxes of many sizes over a large image: most of them are kept."""
    centre = rng.uniform(0, 1000, (count, 2))
    half = rng.uniform(4, 60, (count, 2))
    return np.concatenate([centre - half, centre + half], 1).astype(dtype)


def nested_boxes(rng: np.random.Generator, count: int, dtype: Any) -> Array:
    """Every box overlaps every other one: neither place nor size tells many apart."""
    low, high = rng.uniform(0, 400, (count, 2)), rng.uniform(600, 1000, (count, 2))
    return np.concatenate([low, high], 1).astype(dtype)


def boxes_of_all_scales(rng: np.random.Generator, count: int, dtype: Any) -> Array:
    """Sides from a fraction of a pixel to the whole image, at a distance from the origin."""
    centre = rng.uniform(0, 1000, (count, 2)) + 10.0 ** rng.integers(0, 7)
    half = np.exp(rng.uniform(-3, 6, (count, 1)) + rng.uniform(-1, 1, (count, 2)))
    return np.concatenate([centre - half, centre + half], 1).astype(dtype)


def repeated_boxes(rng: np.random.Generator, count: int, dtype: Any) -> Array:
    """Each box several times."""
    return spread_boxes(rng, count // 7 + 1, dtype)[rng.integers(0, count // 7 + 1, count)]


def boxes_on_a_line(rng: np.random.Generator, count: int, dtype: Any) -> Array:
    """Centres that differ in one axis only."""
    boxes = spread_boxes(rng, count, dtype)
    boxes[:, 1], boxes[:, 3] = -8, 8
    return boxes


def odd_boxes(rng: np.random.Generator, count: int, dtype: Any) -> Array:
    """A few boxes that are inverted, empty, not numbers, infinite, huge or tiny."""
    boxes = spread_boxes(rng, count, dtype)
    chosen = rng.permutation(count)[: max(count // 20, 7)]
    kind = rng.integers(0, 7, len(chosen))
    boxes[chosen[kind == 0]] = boxes[chosen[kind == 0]][:, [2, 1, 0, 3]]
    boxes[chosen[kind == 1]] = 0
    boxes[chosen[kind == 2], 1] = np.nan
    boxes[chosen[kind == 3], 2] = np.inf
    boxes[chosen[kind == 4]] *= dtype(1e30)
    boxes[chosen[kind == 5]] = boxes[chosen[kind == 5]][:, [2, 3, 0, 1]]
    if rng.random() < 0.5:
        boxes[chosen[kind == 6]] *= dtype(1e-25)
    return boxes


FAMILIES: tuple[Boxes, ...] = (
    random_boxes,
    dyadic_boxes,
    clustered_boxes,
    exact_overlap_boxes,
    spread_boxes,
    nested_boxes,
    boxes_of_all_scales,
    repeated_boxes,
    boxes_on_a_line,
    odd_boxes,
)


def drawn_scores(rng: np.random.Generator, count: int, dtype: Any) -> Array:
    """Scores without ties, with many, or with values that no number is above."""
    kind = rng.integers(0, 4)
    scores = rng.integers(0, 20, count) / 20 if kind == 0 else rng.standard_normal(count)
    if kind == 1:
        scores[rng.random(count) < 0.1] = np.nan
        scores[rng.random(count) < 0.1] = -0.0
        scores[rng.random(count) < 0.1] = 0.0
    if kind == 2:
        scores = 1 - 1e-4 * rng.random(count)  # the upper digits of all keys are equal
    return scores.astype(dtype)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_equal_scores_keep_the_order_of_the_boxes(dtype: Any) -> None:
    for count in (*SIZES, *LARGE_SIZES):
        rng = generator("ties", count)
        corner = np.stack(np.divmod(np.arange(count), 200), axis=1).astype(dtype)
        boxes = np.concatenate([corner, corner + dtype(0.5)], axis=1)  # they meet nowhere
        scores = (rng.integers(-20, 20, count) / 32).astype(dtype)
        (kept,) = nms(LAYER, boxes, scores, 0.5, rule=NmsRule())
        np.testing.assert_array_equal(kept, np.argsort(-scores, kind="stable"))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("threshold", [0.25, 0.5, 0.75])
def test_an_overlap_of_the_threshold_is_kept(threshold: float, dtype: Any) -> None:
    for count in SIZES:
        heights = np.where(np.arange(count) % 2 == 0, 1, threshold)
        boxes = np.zeros((count, 4))
        boxes[:, 0] = np.arange(count) // 2 * 2
        boxes[:, 2:] = np.stack([boxes[:, 0] + 1, heights], axis=1)
        scores = np.arange(count, 0, -1).astype(dtype)
        (kept,) = nms(LAYER, boxes.astype(dtype), scores, threshold, rule=NmsRule())
        assert len(kept) == count
        below = float(np.nextafter(dtype(threshold), dtype(0)))
        (kept,) = nms(LAYER, boxes.astype(dtype), scores, below, rule=NmsRule())
        assert len(kept) == (count + 1) // 2


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
def test_torchvision_keeps_the_same(family: Boxes, dtype: Any) -> None:
    for count in SIZES:
        for threshold in (0.02, 0.3, 0.5, 0.7, 0.95):
            rng = generator("fast nms", family.__name__, count, int(threshold * 100))
            with np.errstate(all="ignore"):
                boxes = family(rng, count, dtype)
            scores = drawn_scores(rng, count, dtype)
            expected = torchvision_nms(boxes, scores, threshold)
            (kept,) = nms(LAYER, boxes, scores, threshold, rule=NmsRule())
            assert np.array_equal(kept, expected), (count, threshold)


@pytest.mark.parametrize("count", LARGE_SIZES)
@pytest.mark.parametrize("family", [clustered_boxes, boxes_of_all_scales, odd_boxes, random_boxes])
def test_torchvision_keeps_the_same_of_many(family: Boxes, count: int) -> None:
    rng = generator("many", family.__name__, count)
    with np.errstate(all="ignore"):
        boxes = family(rng, count, np.float32)
    scores = drawn_scores(rng, count, np.float32)
    (kept,) = nms(LAYER, boxes, scores, 0.5, rule=NmsRule())
    assert np.array_equal(kept, torchvision_nms(boxes, scores, 0.5))


def test_classes_are_kept_as_each_alone() -> None:
    for count, classes in ((1000, 80), (5000, 3), (20000, 7)):
        rng = generator("classes", count)
        boxes, scores = spread_boxes(rng, count, np.float32), rng.random(count).astype(np.float32)
        groups = rng.integers(-classes, classes, count) * 2**40
        (kept,) = nms(LAYER, boxes, scores, 0.5, groups=groups, rule=NmsRule())
        expected = np.zeros(count, bool)
        for group in np.unique(groups):
            rows = np.flatnonzero(groups == group)
            (alone,) = nms(LAYER, boxes[rows], scores[rows], 0.5, rule=NmsRule())
            expected[rows[alone]] = True
        assert np.array_equal(np.sort(kept), np.flatnonzero(expected))
        assert np.all(np.diff(scores[kept]) <= 0)


FREE_AXES = (
    "layout", "corner_order", "box_offset", "accumulate", "union", "comparison", "guard",
    "nan_overlap", "threshold_type", "order", "group_rule", "over_shift_limit", "kept_order",
)  # fmt: skip
OUTPUTS = (("keep", "int64"), ("keep_mask", "bool"), ("sorted_keep_mask", "uint8"))
MATCHES = (("matched", "int64"), ("match_ends", "int64"))


def drawn_rule(rng: np.random.Generator) -> Any:
    """Any rule; nan scores come first or are dropped."""
    axes = {axis: NmsRule.axes[axis] for axis in (*FREE_AXES, "nan_score")}
    drawn: dict[str, Any] = {
        axis: values[rng.integers(len(values))] for axis, values in axes.items()
    }
    return NmsRule(**(drawn | {"nan_score": "first" if rng.random() < 0.5 else "drop"}))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
def test_every_rule_keeps_what_the_plain_sweep_keeps(family: Boxes, dtype: Any) -> None:
    """Asking for the suppressors takes the sweep that looks at every pair."""
    for index in range(30):
        rng = generator("every rule", family.__name__, index)
        count = int(rng.choice(SIZES[:-1]))
        rule = drawn_rule(rng)
        with np.errstate(all="ignore"):
            boxes = family(rng, count, np.float32)
            if rule.layout in ("xywh", "cxcywh"):
                boxes[:, 2:] -= boxes[:, :2]
            boxes = boxes.astype(dtype)
        settings: dict[str, Any] = {
            "groups": rng.integers(0, 3, count) if rng.random() < 0.3 else None,
            "max_outputs": int(rng.integers(0, count)) if rng.random() < 0.2 else None,
            "pre_top_k": int(rng.integers(0, count)) if rng.random() < 0.2 else None,
            "score_threshold": 0.3 if rng.random() < 0.2 else None,
            "rule": rule,
        }
        scores = drawn_scores(rng, count, dtype)
        threshold = float(rng.choice([-0.5, 0.02, 0.3, 0.5, 0.9]))
        fast = nms(LAYER, boxes, scores, threshold, outputs=OUTPUTS, **settings)
        plain = nms(LAYER, boxes, scores, threshold, outputs=OUTPUTS + MATCHES, **settings)
        for one, other in zip(fast, plain, strict=False):
            assert np.array_equal(one, other), (index, count, threshold, settings)


DIGEST = """
    import hashlib
    import numpy as np
    from opsbridge.core.nms import NmsRule, nms
    from opsbridge.frameworks.numpy import LAYER

    rng = np.random.default_rng(20261126)
    state = hashlib.sha256()
    for count in (10, 48, 64, 200, 300, 512, 2000, 5000, 20000):
        dtypes = (np.float16, np.float32, np.float64) if count <= 5000 else (np.float32,)
        for dtype in dtypes:
            for comparison, offset in (("greater", 0), ("greater_equal", 1), ("multiplied", 0)):
                centre = rng.uniform(0, 12 * count**0.5, (count, 2))
                half = rng.uniform(2, 30, (count, 2))
                boxes = np.concatenate([centre - half, centre + half], 1).astype(dtype)
                scores = rng.random(count).astype(dtype)
                groups = rng.integers(0, 9, count) if rng.random() < 0.5 else None
                rule = NmsRule(comparison=comparison, box_offset=offset)
                (kept,) = nms(LAYER, boxes, scores, 0.5, groups=groups, rule=rule)
                state.update(kept.tobytes())
    print(state.hexdigest())
"""


@cache
def digest_of(level: str, threads: str) -> str:
    return python_output(DIGEST, OPSBRIDGE_ISA=level, OPSBRIDGE_THREADS=threads)


def test_threads_keep_the_same() -> None:
    assert digest_of("", "1") == digest_of("", "2")


def test_levels_keep_the_same() -> None:
    levels = ("baseline", "avx2", "") if has_avx2() else ("baseline", "")
    assert len({digest_of(level, "1") for level in levels}) == 1


def has_avx2() -> bool:
    """Whether this CPU runs the middle level; where it does not, the others are compared."""
    try:
        return " avx2 " in Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
