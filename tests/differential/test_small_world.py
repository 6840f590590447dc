"""Every nms of three boxes with whole corners 0..3, every order of scores, eleven thresholds.

36 sound boxes make 36³ triples; three scores have 13 orders, ties included: 6,671,808 cases. What
is kept follows from a table of exact fractions alone, which real torchvision confirms. By default
every 331st case runs; `tox run -e differential` runs them all, in half a minute.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from cases import THRESHOLDS
from real_frameworks import torchvision_nms

from opsbridge.ops import nms as core_nms
from opsbridge.torchvision.ops import nms

SPANS = list(itertools.combinations(range(4), 2))
BOXES = [(x1, y1, x2, y2) for (x1, x2), (y1, y2) in itertools.product(SPANS, SPANS)]
ORDERS = sorted(
    {tuple(sorted(set(s)).index(x) for x in s) for s in itertools.product(range(3), repeat=3)}
)
STEP = 331
EVERY_CASE_FROM = 1_000_000


def overlap(a: tuple[int, ...], b: tuple[int, ...]) -> Fraction:
    """Intersection over union, exactly."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    common = max(width, 0) * max(height, 0)
    areas = ((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b))
    return Fraction(common, sum(areas) - common)


def suppresses(threshold: float, dtype: Any) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Whether one box suppresses another, as torchvision compares: a rounded quotient."""
    overlaps = [[overlap(a, b) for b in BOXES] for a in BOXES]
    rounded = [
        [dtype(ratio.numerator) / dtype(ratio.denominator) for ratio in row] for row in overlaps
    ]
    return np.array([[float(ratio) > threshold for ratio in row] for row in rounded])


def kept(triple: tuple[int, ...], order: tuple[int, ...], over: Any) -> list[int]:
    """The rows that greedy suppression keeps, the best first and ties as they come."""
    keep: list[int] = []
    for row in sorted(range(3), key=lambda row: -order[row]):
        if not any(over[triple[better], triple[row]] for better in keep):
            keep.append(row)
    return keep


@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_every_triple_of_boxes(
    threshold: float,
    request: pytest.FixtureRequest,
    record_property: Callable[[str, object], None],
) -> None:
    everything = request.config.getoption("cases") >= EVERY_CASE_FROM
    over = suppresses(threshold, np.float32).tolist()
    over_by_place = {(i, j): over[i][j] for i in range(36) for j in range(36)}
    corners = np.array(BOXES, np.float32)
    scores = [np.array(order, np.float32) for order in ORDERS]
    cases = itertools.product(itertools.product(range(36), repeat=3), enumerate(ORDERS))
    start = THRESHOLDS.index(threshold) * 7
    total = 36**3 * len(ORDERS)
    count = total if everything else len(range(start, total, STEP))
    record_property("trust", {"what": "small world", "peer": "fractions", "cases": count})
    for triple, (place, order) in itertools.islice(
        cases, *((None,) if everything else (start, None, STEP))
    ):
        boxes = corners[list(triple)]
        assert nms(boxes, scores[place], threshold).tolist() == kept(
            triple, order, over_by_place
        ), f"nms({boxes.tolist()}, {list(order)}, {threshold})"


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_the_table_is_what_torchvision_does(threshold: float, dtype: Any) -> None:
    over = suppresses(threshold, dtype)
    scores = np.array([1, 0], dtype)
    for i, j in itertools.islice(itertools.product(range(36), repeat=2), 0, None, 5):
        boxes = np.array([BOXES[i], BOXES[j]], dtype)
        assert torchvision_nms(boxes, scores, threshold).tolist() == ([0] if over[i, j] else [0, 1])


def test_all_triples_at_once_as_groups() -> None:
    """The grouped kernel, one group a triple, gives what single calls give."""
    rng = np.random.default_rng(5)
    triples = rng.integers(0, 36, (4000, 3))
    orders = np.array(ORDERS)[rng.integers(0, len(ORDERS), len(triples))]
    boxes = np.array(BOXES, np.float32)[triples.ravel()]
    groups = np.repeat(np.arange(len(triples)), 3)
    keep = core_nms(boxes, orders.ravel().astype(np.float32), 0.5, groups=groups)
    over = {
        (i, j): bool(row[j]) for i, row in enumerate(suppresses(0.5, np.float32)) for j in range(36)
    }
    expected = {
        3 * place + row
        for place, (triple, order) in enumerate(zip(triples, orders, strict=True))
        for row in kept(tuple(triple), tuple(order), over)
    }
    assert set(keep.tolist()) == expected
    assert len(keep) == len(expected)
