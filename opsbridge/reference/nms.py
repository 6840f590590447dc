"""Non-maximum suppression, as every framework does it, one keyword per convention.

The idea is one sweep: look at the boxes from the best score down, keep a box that no kept box
suppresses, let it suppress the boxes after it. What differs between frameworks is the order of the
candidates (``ordering.py``) and the test of two boxes (``overlap.py``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from opsbridge.errors import ArgumentError
from opsbridge.reference.ordering import dense_keys, introsort_descending, order_by_score
from opsbridge.reference.overlap import Corners, held_threshold, suppresses, to_corners

Array = npt.NDArray[Any]
Matches = dict[int, list[int]]  # kept row -> the rows that it suppressed

DECAY_ABOVE = 0.5
"""A decaying threshold (OpenCV's adaptive one) is never multiplied at or below this value."""


@dataclass(frozen=True)
class NmsResult:
    """Everything that a framework may want to return from one suppression."""

    keep: npt.NDArray[np.int64]
    keep_mask: npt.NDArray[np.bool_]
    kept_boxes: Array
    sorted_boxes: Array
    sorted_positions: npt.NDArray[np.int64]
    sorted_keep_mask: npt.NDArray[np.bool_]
    matched: npt.NDArray[np.int64]
    match_ends: npt.NDArray[np.int64]
    padded_keep: npt.NDArray[np.int64]
    kept_count: npt.NDArray[np.int64]


def nms(
    boxes: Array,
    scores: Array,
    iou_threshold: float,
    *,
    groups: Array | None = None,
    score_threshold: float | None = None,
    pre_top_k: int | None = None,
    max_outputs: int | None = None,
    threshold_decay: float | None = None,
    shift_limit: int | None = None,
    layout: str = "xyxy",
    corner_order: str = "given",
    box_offset: int = 0,
    accumulate: str = "same",
    union: str = "separate",
    comparison: str = "greater",
    guard: str = "none",
    nan_overlap: str = "keep",
    threshold_type: str = "float64",
    order: str = "stable",
    nan_score: str = "first",
    group_rule: str = "per_group",
    over_shift_limit: str = "per_group",
    kept_order: str = "rank",
) -> NmsResult:
    """Keep the boxes that no better kept box overlaps too much.

    ``boxes`` is (N, 4), ``scores`` and ``groups`` are (N,); the other keywords are the slots and
    axes of ``mappings/core/nms.toml`` and default to torchvision on the CPU. Raises
    ``ArgumentError`` for a NaN threshold or group, and for a NaN score where ``nan_score`` is
    ``refuse``.

    >>> import numpy as np
    >>> boxes = np.array([[0, 0, 4, 4], [0, 0, 3, 3], [0, 0, 2, 2]], np.float32)
    >>> nms(boxes, np.array([0.8, 0.7, 0.6], np.float32), 0.4).keep
    array([0, 2])
    """
    check_values(scores, iou_threshold, nan_score)
    check_groups("nms", groups)
    over_limit = shift_limit is not None and boxes.size > shift_limit
    rule = effective_group_rule(group_rule, over_shift_limit if over_limit else "unchanged")
    with np.errstate(all="ignore"):
        shifts, separates = plan_groups(boxes, groups, rule, layout)
        working = boxes.dtype if accumulate == "same" else np.dtype(accumulate)
        corners = to_corners(
            (boxes + shifts).astype(working),
            layout=layout,
            corner_order=corner_order,
            box_offset=box_offset,
        )
        ranked = rank_candidates(scores, score_threshold, pre_top_k, order, nan_score)
        found: Matches = {}
        for run in split_by_group(ranked, scores, groups if separates else None, order):
            found |= sweep(
                corners,
                run,
                held_threshold(iou_threshold, threshold_type, boxes.dtype),
                threshold_decay=threshold_decay,
                hold=lambda value: held_threshold(value, threshold_type, working),
                box_offset=box_offset,
                union=union,
                comparison=comparison,
                guard=guard,
                nan_overlap=nan_overlap,
            )
    if kept_order == "introsort_over_limit":
        kept_order = "introsort" if over_limit else "rank"
    kept = order_kept([row for row in ranked if row in found], scores, kept_order, max_outputs)
    length = len(scores) if max_outputs is None else max_outputs
    return collect(boxes, scores, ranked, {row: found[row] for row in kept}, length)


def check_values(scores: Array, iou_threshold: float, nan_score: str) -> None:
    """Refuse what has no meaning."""
    if np.isnan(iou_threshold):
        raise ArgumentError("nms: iou_threshold is nan; it must be a number")
    if nan_score == "refuse" and np.isnan(scores).any():
        row = int(np.flatnonzero(np.isnan(scores))[0])
        raise ArgumentError(f"nms: scores[{row}] is nan; scores must not be NaN here")


def check_groups(operator: str, groups: Array | None) -> None:
    """Refuse groups that equal nothing."""
    if groups is not None and np.isnan(groups).any():
        row = int(np.flatnonzero(np.isnan(groups))[0])
        raise ArgumentError(f"{operator}: groups[{row}] is nan; groups must be numbers")


def effective_group_rule(group_rule: str, over_shift_limit: str) -> str:
    """The rule for groups once the number of boxes has its say."""
    return group_rule if over_shift_limit == "unchanged" else over_shift_limit


def plan_groups(
    boxes: Array, groups: Array | None, group_rule: str, layout: str
) -> tuple[Array, bool]:
    """How far to shift each coordinate, and whether only boxes of one group are compared.

    The shift by whole multiples of the largest coordinate keeps groups apart in one ordinary
    suppression, unless coordinates are negative, NaN, infinite or so large that rounding tells.
    """
    none = np.zeros((1, 4), boxes.dtype)
    if groups is None or group_rule == "ignored":
        return none, False
    if group_rule == "per_group" or boxes.size == 0:
        return none, True
    corners = to_corners(boxes, layout=layout, corner_order="given", box_offset=0)
    largest = np.max([corners.x1, corners.y1, corners.x2, corners.y2])
    shift = groups.astype(boxes.dtype) * (largest + boxes.dtype.type(1))
    moves = [1, 1, 1, 1] if layout in ("xyxy", "yxyx") else [1, 1, 0, 0]
    shifts = np.where(np.array(moves, np.bool_), shift[:, None], boxes.dtype.type(0))
    return shifts, group_rule == "per_group_on_shifted"


def rank_candidates(
    scores: Array, score_threshold: float | None, pre_top_k: int | None, order: str, nan_score: str
) -> list[int]:
    """Indices of the boxes that take part, best first."""
    takes_part = np.ones(len(scores), np.bool_)
    if score_threshold is not None:
        takes_part &= scores.astype(np.float64) > float(score_threshold)
    if nan_score == "drop":
        takes_part &= ~np.isnan(scores)
    candidates = np.flatnonzero(takes_part)
    ranked = [int(candidates[place]) for place in order_by_score(scores[candidates], order)]
    return ranked if pre_top_k is None else ranked[:pre_top_k]


def split_by_group(
    ranked: list[int], scores: Array, groups: Array | None, order: str
) -> list[list[int]]:
    """The candidates of each group in the order in which sorting that group alone leaves them."""
    if groups is None:
        return [ranked]
    runs = []
    for group in np.unique(groups[ranked]):
        run = [row for row in ranked if groups[row] == group]
        if order != "given":
            run = sorted(run)
            run = [run[place] for place in order_by_score(scores[run], order)]
        runs.append(run)
    return runs


def sweep(
    corners: Corners,
    ranked: list[int],
    threshold: float,
    *,
    threshold_decay: float | None,
    hold: Callable[[float], float],
    **test: Any,
) -> Matches:
    """The kept boxes in rank order, each with the boxes that it suppresses.

    A falling threshold counts for a candidate as it stands at its turn, against every kept box.
    """
    found: Matches = {}
    for index in ranked:
        kept = np.array(list(found), np.int64)
        against = [suppresses(corners[row], corners[[index]], threshold, **test)[0] for row in kept]
        if any(against):
            found[int(kept[against.index(True)])].append(index)
            continue
        found[index] = []
        if threshold_decay is not None and threshold_decay < 1 and threshold > DECAY_ABOVE:
            threshold = hold(threshold * threshold_decay)
    return found


def order_kept(
    kept: list[int], scores: Array, kept_order: str, max_outputs: int | None
) -> list[int]:
    """The kept indices in the order in which a framework returns them, the best of them only."""
    if kept_order == "introsort":
        ascending = sorted(kept)
        kept = [ascending[place] for place in introsort_descending(dense_keys(scores[ascending]))]
    best = kept[:max_outputs]
    return sorted(best) if kept_order == "index" else best


def collect(
    boxes: Array, scores: Array, ranked: list[int], found: Matches, length: int
) -> NmsResult:
    """The result over the input and over the input sorted by rank, non-candidates last."""
    keep = np.array(list(found), np.int64)
    keep_mask = np.zeros(len(scores), np.bool_)
    keep_mask[keep] = True
    candidates = set(ranked)
    others = [index for index in range(len(scores)) if index not in candidates]
    by_rank = np.array(ranked + others, np.int64)
    rows = np.concatenate([boxes, scores[:, None]], axis=1)
    matched = [row for kept, dropped in found.items() for row in (kept, *dropped)]
    return NmsResult(
        keep=keep,
        keep_mask=keep_mask,
        kept_boxes=rows[keep],
        sorted_boxes=rows[by_rank],
        sorted_positions=np.arange(len(scores), dtype=np.int64),
        sorted_keep_mask=keep_mask[by_rank],
        matched=np.array(matched + [-1] * (len(scores) - len(matched)), np.int64),
        match_ends=np.cumsum([1 + len(dropped) for dropped in found.values()], dtype=np.int64),
        padded_keep=np.array([*found] + [-1] * (length - len(found)), np.int64),
        kept_count=np.array(len(found), np.int64),
    )
