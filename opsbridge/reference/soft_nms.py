"""Soft suppression, as every framework does it, one keyword per convention.

The best live box is selected; every other live box has its score multiplied by a weight that falls
with the overlap, and leaves when its score is too low; again until none is live. How each framework
finds the best one is in :mod:`opsbridge.reference.soft_selection`.
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
from opsbridge.reference.overlap import to_corners
from opsbridge.reference.soft_selection import SELECTIONS
from opsbridge.reference.soft_weight import Weight

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
    max_outputs: int | None = None,
    shift_limit: int | None = None,
    layout: str = "xyxy",
    corner_order: str = "given",
    box_offset: int = 0,
    accumulate: str = "same",
    group_rule: str = "per_group",
    over_shift_limit: str = "per_group",
    kept_order: str = "rank",
    overlap_form: str = "ratio",
    score_type: str = "working",
    selection_order: str = "in_place",
    method: str = "linear",
    overlap_test: str = "greater_equal",
    min_score_test: str = "below",
    disjoint_box: str = "weighted",
    first_box: str = "kept",
    exponential: str = "same",
    exponent: str = "quotient",
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
    if kept_order == "introsort_over_limit":
        kept_order = "introsort" if over_limit else "rank"
    working = boxes.dtype if accumulate == "same" else np.dtype(accumulate)
    number = working.type if score_type == "working" else np.float32
    with np.errstate(all="ignore"):
        shifts, separates = plan_groups(boxes, groups, rule, layout)
        corners = to_corners(
            (boxes + shifts).astype(working),
            layout=layout,
            corner_order=corner_order,
            box_offset=box_offset,
        )
        lowered = scores.astype(working).astype(number)
        selected: list[int] = []
        everything = list(range(len(scores)))
        runs = split_by_group(everything, scores, groups if separates else None, "given")
        weight = Weight(
            number(iou_threshold),
            number(sigma) * number(sigma_factor),
            number(min_score),
            box_offset,
            overlap_form,
            method,
            includes_equal=overlap_test == "greater_equal",
            drops_equal=min_score_test == "not_above",
            skips_disjoint=disjoint_box == "skipped",
            checks_first=first_box == "checked",
            exponential_type=np.float64 if exponential == "float64" else number,
            scales=exponent == "scaled",
            has_subnormals=score_type != "float32_normal",
        )
        # One run can stop early, unless another order decides what comes first.
        most = max_outputs if len(runs) == 1 and kept_order != "introsort" else None
        for run in runs:
            selected += SELECTIONS[selection_order](corners, lowered, run, weight, most)
        lowered = lowered.astype(scores.dtype)
    if len(runs) > 1:
        by_group = np.array(selected, np.int64)
        best_first = order_by_score(lowered[by_group], "stable")
        selected = [int(row) for row in by_group[best_first]]
    keep = np.array(order_kept(selected, lowered, kept_order, max_outputs), np.int64)
    return SoftNmsResult(keep, np.concatenate([boxes[keep], lowered[keep, None]], axis=1))
