"""Soft suppression, as every framework does it, one keyword per convention.

The best live box is selected; every other live box has its score multiplied by a weight that falls
with the overlap, and leaves when its score is too low; again until none is live. A box that leaves
is replaced by the last live one, so the order of equal scores is that of these moves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from opsbridge.reference.nms import (
    check_groups,
    effective_group_rule,
    order_kept,
    plan_groups,
    split_by_group,
)
from opsbridge.reference.ordering import order_by_score
from opsbridge.reference.overlap import Corners, intersection, side, to_corners
from opsbridge.reference.rounding import exponential as c_exponential
from opsbridge.reference.rounding import larger, smaller

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class SoftNmsResult:
    """The selected rows of the input, and the boxes with their lowered scores."""

    keep: npt.NDArray[np.int64]
    kept_boxes: Array


def soft_nms(
    boxes: Array,
    scores: Array,
    iou_threshold: float,
    sigma: float,
    min_score: float,
    *,
    groups: Array | None = None,
    shift_limit: int | None = None,
    layout: str = "xyxy",
    corner_order: str = "given",
    box_offset: int = 0,
    accumulate: str = "same",
    group_rule: str = "per_group",
    over_shift_limit: str = "per_group",
    kept_order: str = "rank",
    method: str = "linear",
    overlap_test: str = "greater_equal",
    disjoint_box: str = "weighted",
    first_box: str = "kept",
    exponential: str = "same",
    sigma_factor: int = 1,
) -> SoftNmsResult:
    """Select boxes from the best score down, lowering the scores of those that each overlaps.

    ``boxes`` is (N, 4), ``scores`` and ``groups`` are (N,); the other keywords are the slots and
    axes of ``mappings/core/soft_nms.toml`` and default to mmcv. Raises
    ``ArgumentError`` for a NaN group.

    >>> import numpy as np
    >>> boxes = np.array([[0, 0, 4, 4], [0, 0, 4, 2]], np.float32)
    >>> soft_nms(boxes, np.array([0.75, 0.5], np.float32), 0.3, 0.5, 0.001).kept_boxes[:, 4]
    array([0.75, 0.25], dtype=float32)
    """
    check_groups("soft_nms", groups)
    over_limit = shift_limit is not None and boxes.size > shift_limit
    rule = effective_group_rule(group_rule, over_shift_limit if over_limit else "unchanged")
    working = boxes.dtype if accumulate == "same" else np.dtype(accumulate)
    number = working.type
    with np.errstate(all="ignore"):
        shifts, separates = plan_groups(boxes, groups, rule, layout)
        corners = to_corners(
            (boxes + shifts).astype(working),
            layout=layout,
            corner_order=corner_order,
            box_offset=box_offset,
        )
        lowered = scores.astype(working)
        selected: list[int] = []
        everything = list(range(len(scores)))
        runs = split_by_group(everything, scores, groups if separates else None, "given")
        weight = Weight(
            number(iou_threshold),
            number(sigma) * number(sigma_factor),
            box_offset,
            method,
            includes_equal=overlap_test == "greater_equal",
            skips_disjoint=disjoint_box == "skipped",
            checks_first=first_box == "checked",
            exponential_type=np.float64 if exponential == "float64" else number,
        )
        for run in runs:
            selected += select(corners, lowered, run, weight, number(min_score))
        lowered = lowered.astype(scores.dtype)
    if len(runs) > 1:
        by_group = np.array(selected, np.int64)
        best_first = order_by_score(lowered[by_group], "stable")
        selected = [int(row) for row in by_group[best_first]]
    if kept_order == "introsort_over_limit":
        kept_order = "introsort" if over_limit else "rank"
    keep = np.array(order_kept(selected, lowered, kept_order, None), np.int64)
    return SoftNmsResult(keep, np.concatenate([boxes[keep], lowered[keep, None]], axis=1))


@dataclass(frozen=True)
class Weight:
    """The factor on the score of a box that a selected box overlaps."""

    threshold: Any
    sigma: Any
    box_offset: int
    method: str
    includes_equal: bool
    skips_disjoint: bool
    checks_first: bool
    exponential_type: type[Any]

    def skips(self, winner: Corners, other: Corners) -> bool:
        """Whether the other box is not looked at at all."""
        width = side(larger(winner.x1, other.x1), smaller(winner.x2, other.x2), self.box_offset)
        height = side(larger(winner.y1, other.y1), smaller(winner.y2, other.y2), self.box_offset)
        return self.skips_disjoint and not (width > 0 and height > 0)

    def of(self, winner: Corners, other: Corners) -> Any:
        """The factor for the other box, in the working type."""
        shared = intersection(winner, other, self.box_offset)
        overlap = (shared / ((winner.area + other.area) - shared))[()]
        one = type(self.threshold)(1)
        if self.method == "gaussian":
            exponent = -(overlap * overlap) / self.sigma
            return type(one)(c_exponential(self.exponential_type(exponent)))
        is_over = overlap >= self.threshold if self.includes_equal else overlap > self.threshold
        if not is_over:
            return one
        return one - overlap if self.method == "linear" else one - one


def select(
    corners: Corners, scores: Array, rows: list[int], weight: Weight, min_score: Any
) -> list[int]:
    """The rows of one run in order of selection; ``scores`` are lowered in place."""
    live = list(rows)
    place = 0
    while place < len(live):
        best = place
        for other in range(place + 1, len(live)):
            if scores[live[best]] < scores[live[other]]:
                best = other
        live[place], live[best] = live[best], live[place]
        winner = live[place]
        if weight.checks_first and scores[winner] < min_score:
            return live[:place]
        place += 1
        other = place
        while other < len(live):
            row = live[other]
            if not weight.skips(corners[winner], corners[row]):
                scores[row] = weight.of(corners[winner], corners[row]) * scores[row]
                if scores[row] < min_score:
                    live[other] = live[-1]
                    live.pop()
                    continue
            other += 1
    return live
