"""The cases as data: names, selection, inputs; and those that NumPy alone can run."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from benchmarks import inputs
from benchmarks.case import Case, select
from benchmarks.cases import all_cases
from benchmarks.ceilings import work_of
from benchmarks.measure import rotated_inputs
from benchmarks.peers import DISTRIBUTIONS, adapter_of

CASES = all_cases()
QUICK = select(CASES, True, {1, 2}, "")


def test_names_are_unique() -> None:
    names = [case.name for case in CASES]
    assert len(names) == len(set(names))


def test_every_operator_has_a_quick_case() -> None:
    assert {case.operator for case in QUICK} == {case.operator for case in CASES}


def test_every_peer_is_known() -> None:
    named = {peer.partition(" ")[0] for case in CASES for peer in case.peers}
    assert named == DISTRIBUTIONS.keys() - {"torch"}


def test_sizes_of_a_curve_grow() -> None:
    """A peer's time at the next size is estimated from the sizes before."""
    for before, after in pairwise(CASES):
        if (before.operator, before.variant) == (after.operator, after.variant):
            assert before.size < after.size or before.threads != after.threads


@pytest.mark.parametrize(
    ("pattern", "threads", "expected"),
    [
        ("NMS rpn 5,000", {1}, {"nms rpn 5,000 boxes", "NMSWithMask rpn 5,000 boxes"}),
        ("roi_align_backward P5", {2}, {"roi_align_backward P5 1,000 RoIs, 2 threads"}),
        ("no such case", {1, 2}, set()),
    ],
)
def test_selection(pattern: str, threads: set[int], expected: set[str]) -> None:
    found = {case.name for case in select(CASES, False, threads, pattern)}
    assert {name for name in found if "soft_nms" not in name} == expected


@pytest.mark.parametrize("case", QUICK, ids=lambda case: case.name)
def test_rotated_inputs_are_seeded_and_vary(case: Case) -> None:
    rotated, again = rotated_inputs(case), rotated_inputs(case)
    assert len(rotated) >= 2
    for name, array in rotated[0].items():
        assert array.size == 1 or np.ptp(array) > 0
        if name != "groups":
            assert not np.array_equal(array, rotated[1][name])
        np.testing.assert_array_equal(array, again[0][name])


@pytest.mark.parametrize("distribution", inputs.BOXES)
def test_boxes_are_sound_and_scores_distinct(distribution: str) -> None:
    given = inputs.scored_boxes(np.random.default_rng(1), distribution, 1_000)
    assert (given["boxes"][:, 2:] > given["boxes"][:, :2]).all()
    assert len(np.unique(given["scores"])) == 1_000
    assert given["scores"].min() > 0


@pytest.mark.parametrize(
    ("distribution", "count", "least", "most"),
    [
        ("rpn", 2_000, 0.04, 0.08),
        ("sparse", 2_000, 0.97, 1),
        ("uniform", 20_000, 0.4, 0.6),
        ("adv", 2_000, 0.9, 1),
        ("same", 2_000, 1 / 2_000, 1 / 2_000),
    ],
)
def test_so_many_boxes_survive(distribution: str, count: int, least: float, most: float) -> None:
    given = inputs.scored_boxes(np.random.default_rng(2), distribution, count)
    options = {"iou_threshold": inputs.IOU_THRESHOLDS[distribution]}
    kept = adapter_of("opsbridge numpy", "nms", 1).prepare(given, options)()
    assert least <= len(kept) / count <= most


@pytest.mark.parametrize(
    "case", [case for case in QUICK if "opsbridge numpy" in case.peers], ids=lambda case: case.name
)
def test_case_runs_and_its_work_is_counted(case: Case) -> None:
    given = rotated_inputs(case)[0]
    adapter = adapter_of("opsbridge numpy", case.operator, 1)
    result = adapter.read(adapter.prepare(given, case.options)(), given)
    assert all(array.size for array in result.values())
    work = work_of(case, given, result)
    assert work["bytes"] > 0
    assert work["operations"] > 0
