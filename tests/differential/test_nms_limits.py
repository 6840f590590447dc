"""Suppression of boxes that lie, are read or are written in ways that are rare."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from cases import Array, generator

from opsbridge.core.nms import NmsRule, nms
from opsbridge.core.soft_nms import SoftNmsRule, soft_nms
from opsbridge.errors import ArgumentError
from opsbridge.frameworks.numpy import LAYER, NumpyLayer

MATCHES = (("matched", "int64"), ("match_ends", "int64"))
MANY = 1200  # enough for a grid, few enough to look at every pair
STREAMED = 5000  # enough to be read in streams


def spread(rng: np.random.Generator, count: int) -> Array:
    """Boxes of which some are dropped."""
    low = rng.uniform(0, 8 * count**0.5, (count, 2))
    return np.concatenate([low, low + rng.uniform(4, 40, (count, 2))], axis=1)


def kept(boxes: Array, scores: Array, threshold: float, **options: Any) -> Array:
    """The rows that are kept."""
    rows: Array = nms(LAYER, boxes, scores, threshold, **{"rule": NmsRule(), **options})[0]
    return rows


def check_plain(boxes: Array, scores: Array, threshold: float, rule: NmsRule) -> int:
    """The sweep that looks at every pair, as suppressors ask for, keeps the same; how many."""
    outputs = (("keep", "int64"), *MATCHES)
    expected = kept(boxes, scores, threshold, rule=rule, outputs=outputs)
    np.testing.assert_array_equal(kept(boxes, scores, threshold, rule=rule), expected)
    return len(expected)


@pytest.mark.parametrize("offset", [0, 1])
@pytest.mark.parametrize("far", [0, 3e4, 1e6])
def test_given_sizes(far: float, offset: Any) -> None:
    """Far away, corners are rounded so much that sizes are others than their differences."""
    rng = generator("given sizes", str(far))
    boxes = spread(rng, MANY)
    boxes[:, 2:] -= boxes[:, :2]
    boxes[:, :2] += far
    scores = rng.random(MANY).astype(np.float32)
    rule = NmsRule(layout="xywh", box_offset=offset)
    for threshold in (0.02, 0.5, 1.5):
        left = check_plain(boxes.astype(np.float32), scores, threshold, rule)
        assert (left == MANY) == (threshold > 1)


@pytest.mark.parametrize("scale", [1e-30, 1e26, 1e29, 1e33])
@pytest.mark.parametrize("start", [0.0, -1e4])
def test_numbers_that_subtract_to_more_than_others_hold(scale: float, start: float) -> None:
    rng = generator("huge numbers", str(scale))
    boxes, scores = (spread(rng, MANY) + start) * scale, rng.random(MANY)
    left = check_plain(boxes, scores, 0.5, NmsRule())
    np.testing.assert_array_equal(left, len(kept(boxes / scale, scores, 0.5)))


def test_sizes_of_two_kinds() -> None:
    """A third of the boxes are smaller than what there are levels of sizes for."""
    rng = generator("sizes of two kinds")
    boxes = spread(rng, MANY)
    boxes[:, 2:] = boxes[:, :2] + rng.uniform([200, 0.5], [400, 1], (MANY, 2))
    boxes[::3, :2] *= 1e-9
    boxes[::3, 2:] = boxes[::3, :2] + rng.uniform(1e-11, 1e-10, (MANY // 3, 2))
    for threshold in (0.1, 0.5):
        left = check_plain(boxes, rng.random(MANY), threshold, NmsRule())
        assert MANY // 3 < left < MANY


def test_more_boxes_below_each_other_than_a_grid_has_rows() -> None:
    low = np.arange(45_000) * 2.0
    low = np.stack([low, low + 0.1], axis=1).ravel()  # each with another one over it
    zero = np.zeros_like(low)
    boxes = np.stack([zero, low, zero + 1, low + 1], axis=1)
    scores = generator("below each other").random(len(low))
    better = np.where(scores[::2] >= scores[1::2], 0, 1) + np.arange(0, len(low), 2)
    np.testing.assert_array_equal(np.sort(kept(boxes, scores, 0.5)), better)


def wide(boxes: Array) -> Array:
    """Rows with more than a cache line between them."""
    table = np.full((len(boxes), 40), 77, boxes.dtype)
    table[:, 3:7] = boxes
    return table[:, 3:7]


LAYOUTS: dict[str, Callable[[Array], Array]] = {
    "columns": np.asfortranarray,
    "backwards": lambda boxes: np.array(boxes[::-1])[::-1],
    "wide": wide,
}


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_boxes_and_scores_in_any_memory(layout: str, dtype: Any) -> None:
    rng = generator("memory of nms", layout)
    boxes = spread(rng, STREAMED).astype(dtype)
    scores = rng.random(STREAMED).astype(dtype)
    laid_out, apart = LAYOUTS[layout](boxes), np.repeat(scores, 2)[::2]
    assert not apart.flags.contiguous
    for accumulate in ("same", "float64"):
        rule = NmsRule(accumulate=accumulate)
        for groups in (None, rng.integers(0, 9, STREAMED)):
            found = kept(laid_out, apart, 0.5, groups=groups, rule=rule)
            expected = kept(boxes, scores, 0.5, groups=groups, rule=rule)
            np.testing.assert_array_equal(found, expected)


def test_boxes_and_scores_are_columns_of_one_table() -> None:
    rng = generator("one table")
    boxes, scores = spread(rng, 300), rng.random(300)
    table = np.concatenate([rng.random((300, 1)), scores[:, None], boxes], axis=1)
    columns: dict[str, Any] = {"boxes_column": 2, "scores_column": 1}
    expected = kept(boxes, scores, 0.5)
    np.testing.assert_array_equal(kept(table, table, 0.5, **columns), expected)
    settings = 0.5, 0.5, 1e-3
    found = soft_nms(LAYER, table, table, *settings, **columns, rule=SoftNmsRule())
    for one, other in zip(
        found, soft_nms(LAYER, boxes, scores, *settings, rule=SoftNmsRule()), strict=True
    ):
        np.testing.assert_array_equal(one, other)


class Apart(NumpyLayer):
    """Results whose numbers do not lie side by side."""

    def empty(self, shape: tuple[int, ...], dtype: str, like: Array) -> Array:
        twice = np.full(tuple(2 * size for size in shape), 77, dtype)
        return twice[tuple(slice(None, None, 2) for _ in shape)]


NAMES = ("keep", "sorted_positions", "padded_keep", *(name for name, _ in MATCHES))
MASKS = ("keep_mask", "sorted_keep_mask")


@pytest.mark.parametrize(("integer", "mask"), [("int64", "bool"), ("int32", "uint8")])
def test_results_of_either_dtype_anywhere(integer: str, mask: str) -> None:
    rng = generator("results of nms")
    boxes, scores = spread(rng, 60), rng.random(60)
    exact = tuple((name, "int64") for name in NAMES) + tuple((name, "bool") for name in MASKS)
    asked = tuple((name, integer) for name in NAMES) + tuple((name, mask) for name in MASKS)
    limits: dict[str, Any] = {"rule": NmsRule(), "max_outputs": 70}
    expected = nms(LAYER, boxes, scores, 0.3, outputs=exact, **limits)
    for layer in (LAYER, Apart()):
        found = nms(layer, boxes, scores, 0.3, outputs=asked, **limits)
        for (name, dtype), one, other in zip(asked, found, expected, strict=True):
            assert one.dtype == dtype
            np.testing.assert_array_equal(one, other, err_msg=name)
    settings = 0.5, 0.5, 1e-3
    for outputs in (("keep", "int64"),), (("keep", "int32"),):
        rule = SoftNmsRule()
        (rows,) = soft_nms(Apart(), boxes, scores, *settings, rule=rule, outputs=outputs)
        assert rows.dtype == outputs[0][1]
        np.testing.assert_array_equal(rows, soft_nms(LAYER, boxes, scores, *settings, rule=rule)[1])


@pytest.mark.parametrize("alone", ["sorted_boxes", "sorted_keep_mask", "keep_mask", "kept_boxes"])
def test_each_result_alone(alone: str) -> None:
    rng = generator("results alone")
    boxes, scores = spread(rng, 60), rng.random(60)
    scores[::7] = 0.1  # no candidates
    options: dict[str, Any] = {"rule": NmsRule(), "score_threshold": 0.2}
    dtypes = {"sorted_boxes": "same", "kept_boxes": "same"}
    order = np.lexsort((np.arange(60), -scores, scores <= 0.2))
    order[np.count_nonzero(scores > 0.2) :] = np.flatnonzero(scores <= 0.2)
    rows = kept(boxes, scores, 0.3, **options)
    is_kept = np.isin(np.arange(60), rows)
    scored = np.concatenate([boxes, scores[:, None]], axis=1)
    expected = {
        "sorted_boxes": scored[order],
        "sorted_keep_mask": is_kept[order],
        "keep_mask": is_kept,
        "kept_boxes": scored[rows],
    }
    outputs = ((alone, dtypes.get(alone, "bool")),)
    (found,) = nms(LAYER, boxes, scores, 0.3, outputs=outputs, **options)
    np.testing.assert_array_equal(found, expected[alone])


@pytest.mark.parametrize("rule", ["per_group", "shifted", "per_group_on_shifted"])
def test_groups_may_be_floats(rule: Any) -> None:
    rng = generator("float groups")
    boxes, scores, groups = spread(rng, 200), rng.random(200), rng.integers(0, 5, 200)
    axes: Any = {"group_rule": rule}
    found = kept(boxes, scores, 0.3, groups=groups.astype(float), rule=NmsRule(**axes))
    expected = kept(boxes, scores, 0.3, groups=groups, rule=NmsRule(**axes))
    np.testing.assert_array_equal(found, expected)
    settings = 0.5, 0.5, 1e-3
    soft = [
        soft_nms(LAYER, boxes, scores, *settings, groups=each, rule=SoftNmsRule(**axes))
        for each in (groups, groups.astype(float))
    ]
    np.testing.assert_array_equal(soft[0][1], soft[1][1])
    odd = groups.astype(float)
    odd[3] = np.nan
    with pytest.raises(ArgumentError, match=r"groups\[3\] is nan"):
        kept(boxes, scores, 0.3, groups=odd)


def test_more_boxes_than_ranks_number() -> None:
    """Memory for the boxes is none: every row is the same one."""
    boxes = np.broadcast_to(np.zeros(4, np.float32), (2**32 - 1, 4))
    scores = np.broadcast_to(np.float32(0), (2**32 - 1,))
    with pytest.raises(RuntimeError, match="fewer than"):
        kept(boxes, scores, 0.5, outputs=(("kept_count", "int64"),))
