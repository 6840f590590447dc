"""The reference suppression against the real frameworks: indices and masks exactly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cases import (
    BOXES,
    DTYPES,
    SCORES,
    SMALL_SIZES,
    THRESHOLDS,
    UNUSUAL_THRESHOLDS,
    assert_same_bits,
    generator,
)
from real_frameworks import mindspore_nms, torchvision_nms

from opsbridge.errors import ArgumentError
from opsbridge.reference import nms

MINDSPORE: dict[str, Any] = {"threshold_type": "same", "order": "bitonic", "nan_score": "refuse"}


def mindspore_scores() -> list[str]:
    """NaN scores are refused where the order is bitonic; infinite ones have tests of their own."""
    return [family for family in SCORES if family not in ("nan", "infinite")]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("scored", SCORES)
@pytest.mark.parametrize("family", BOXES)
def test_keeps_what_torchvision_keeps(family: str, scored: str, dtype: Any) -> None:
    rng = generator("reference nms", family, scored)
    for count in SMALL_SIZES:
        boxes, scores = BOXES[family](rng, count, dtype), SCORES[scored](rng, count, dtype)
        for threshold in rng.choice(THRESHOLDS, 3, replace=False):
            expected = torchvision_nms(boxes, scores, float(threshold))
            np.testing.assert_array_equal(nms(boxes, scores, float(threshold)).keep, expected)


@pytest.mark.parametrize("scored", mindspore_scores())
@pytest.mark.parametrize("family", BOXES)
def test_sorts_and_masks_as_mindspore(family: str, scored: str) -> None:
    rng = generator("reference mask", family, scored)
    for count in SMALL_SIZES:
        boxes = BOXES[family](rng, count, np.float32)
        scores = SCORES[scored](rng, count, np.float32)
        threshold = float(rng.choice(THRESHOLDS))
        ours = nms(boxes, scores, threshold, **MINDSPORE)
        rows = np.concatenate([boxes, scores[:, None]], axis=1)
        sorted_boxes, positions, selected = mindspore_nms(rows, threshold)
        assert_same_bits(ours.sorted_boxes, sorted_boxes)
        np.testing.assert_array_equal(ours.sorted_positions, positions)
        np.testing.assert_array_equal(ours.sorted_keep_mask, selected)


@pytest.mark.parametrize("count", [1, 2, 4, 16, 64])
def test_infinite_scores_sort_as_in_mindspore_where_it_reads_no_padding(count: int) -> None:
    rng = generator("reference infinite", count)
    boxes = BOXES["clustered"](rng, count, np.float32)
    scores = SCORES["infinite"](rng, count, np.float32)
    ours = nms(boxes, scores, 0.5, **MINDSPORE)
    rows = np.concatenate([boxes, scores[:, None]], axis=1)
    sorted_boxes, _, selected = mindspore_nms(rows, 0.5)
    assert_same_bits(ours.sorted_boxes, sorted_boxes)
    np.testing.assert_array_equal(ours.sorted_keep_mask, selected)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("threshold", [*THRESHOLDS, *UNUSUAL_THRESHOLDS])
def test_a_threshold_hit_exactly_decides_as_in_torchvision(threshold: float, dtype: Any) -> None:
    rng = generator("reference exact")
    boxes = BOXES["exact_overlap"](rng, 64, dtype)
    scores = SCORES["distinct"](rng, 64, dtype)
    expected = torchvision_nms(boxes, scores, threshold)
    np.testing.assert_array_equal(nms(boxes, scores, threshold).keep, expected)


@pytest.mark.parametrize("threshold", [*THRESHOLDS, *UNUSUAL_THRESHOLDS])
def test_a_threshold_hit_exactly_decides_as_in_mindspore(threshold: float) -> None:
    rng = generator("reference exact")
    boxes = BOXES["exact_overlap"](rng, 64, np.float32)
    scores = SCORES["distinct"](rng, 64, np.float32)
    rows = np.concatenate([boxes, scores[:, None]], axis=1)
    _, _, selected = mindspore_nms(rows, threshold)
    ours = nms(boxes, scores, threshold, **MINDSPORE)
    np.testing.assert_array_equal(ours.sorted_keep_mask, selected)


@pytest.mark.parametrize("tenths", range(1, 10))
def test_the_two_frameworks_hold_a_threshold_in_different_types(tenths: int) -> None:
    boxes = np.array([[0, 0, 10, 10], [0, 0, 10, tenths]], np.float32)
    scores = np.array([0.9, 0.8], np.float32)
    rows = np.concatenate([boxes, scores[:, None]], axis=1)
    threshold = tenths / 10
    is_rounded_up = float(np.float32(threshold)) > threshold
    assert len(nms(boxes, scores, threshold).keep) == (1 if is_rounded_up else 2)
    assert len(torchvision_nms(boxes, scores, threshold)) == (1 if is_rounded_up else 2)
    assert nms(boxes, scores, threshold, **MINDSPORE).sorted_keep_mask.all()
    assert mindspore_nms(rows, threshold)[2].all()


def test_a_nan_threshold_is_refused() -> None:
    boxes = BOXES["dyadic"](generator("nan threshold"), 3, np.float32)
    with pytest.raises(ArgumentError, match="iou_threshold is nan"):
        nms(boxes, np.zeros(3, np.float32), float("nan"))


def test_a_nan_score_is_refused_by_name_where_the_rule_says_so() -> None:
    boxes = BOXES["dyadic"](generator("nan score"), 3, np.float32)
    with pytest.raises(ArgumentError, match=r"scores\[1\] is nan"):
        nms(boxes, np.array([1, np.nan, 0], np.float32), 0.5, nan_score="refuse")
