"""The three sorts: torch's unstable sort is the introsort, and every one of them sorts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cases import SCORES, generator
from hypothesis import given
from hypothesis import strategies as st
from real_frameworks import torch_tensor

from opsbridge.reference.ordering import dense_keys, introsort_descending, order_by_score

SORTS = ("stable", "introsort", "bitonic")


@pytest.mark.parametrize("scored", SCORES)
@pytest.mark.parametrize("count", [0, 1, 2, 15, 16, 17, 18, 33, 100, 1000, 5000])
def test_introsort_is_the_unstable_sort_of_torch(count: int, scored: str) -> None:
    torch = pytest.importorskip("torch", reason="compares with torch's sort; it is not installed")
    scores = SCORES[scored](generator("introsort", scored, count), count, np.float32)
    _, expected = torch.sort(torch_tensor(scores), descending=True, stable=False)
    np.testing.assert_array_equal(order_by_score(scores, "introsort"), expected.numpy())


def test_introsort_falls_back_to_a_heap_where_the_pivots_are_bad() -> None:
    torch = pytest.importorskip("torch", reason="compares with torch's sort; it is not installed")
    keys = median_of_three_killer(400)
    scores = np.array(keys, np.float32)
    _, expected = torch.sort(torch_tensor(scores), descending=True, stable=False)
    np.testing.assert_array_equal(introsort_descending(dense_keys(scores)), expected.numpy())


def median_of_three_killer(count: int) -> list[int]:
    """Keys, with ties, for which each median of three is nearly the largest (Musser, 1997)."""
    half = count // 2
    keys = [0] * count
    for place in range(half):
        keys[place] = place + 1 if place % 2 == 0 else half + place + (1 - half % 2)
        keys[half + place] = 2 * (place + 1)
    return [-(key // 2) for key in keys]


@pytest.mark.parametrize("order", SORTS)
@given(values=st.lists(st.sampled_from([0.0, -0.0, 1.0, 2.5, -1.0, float("inf"), float("nan")])))
def test_every_sort_returns_all_positions_best_first(order: str, values: list[float]) -> None:
    scores = np.array(values, np.float64)
    positions = order_by_score(scores, order)
    keys = dense_keys(scores)
    ranked = [keys[position] for position in positions]
    assert sorted(positions) == list(range(len(values)))
    assert ranked == sorted(keys, reverse=True)


@given(values=st.lists(st.integers(0, 3), max_size=16))
def test_up_to_sixteen_elements_introsort_is_stable(values: list[int]) -> None:
    assert introsort_descending(values) == order_by_score(np.array(values), "stable")


@pytest.mark.parametrize(("order", "survivor"), [("stable", 0), ("introsort", 30), ("bitonic", 39)])
def test_the_first_of_forty_equal_scores_depends_on_the_sort(order: str, survivor: int) -> None:
    equal: Any = np.full(40, 0.5, np.float32)
    assert order_by_score(equal, order)[0] == survivor
