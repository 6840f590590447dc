"""Drawn calls of suppression: small groups, single calls, large ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from cases import SCORES, THRESHOLDS
from device_drawing import (
    DTYPES,
    Call,
    Kind,
    Random,
    as_tensor,
    drawn_as,
    drawn_boxes,
    drawn_rule,
    one_of,
    scaled,
)

from opsbridge.core import OPERATORS
from opsbridge.core.rules import Rule


def _groups(rng: Random, size: float) -> Call:
    """Small sets of boxes, one a group, in any order; each could be a call of its own."""
    sizes = rng.integers(1, 16, scaled(2000, size))
    large = rng.random(len(sizes)) < 0.02
    sizes[large] = rng.integers(60, 200, large.sum())
    groups = rng.permutation(np.repeat(rng.permutation(len(sizes)), sizes))
    rule = drawn_rule(rng, "nms", group_rule="per_group", kept_order="rank")
    arguments = _suppression(rng, len(groups), rule)
    return Call("nms", arguments | {"groups": torch.from_numpy(groups)}, groups_are_cases=True)


def _nms(rng: Random, size: float) -> Call:
    """One suppression with all its outputs, cuts and kinds of groups."""
    count = scaled(int(rng.choice([3, 40, 300, 3000])), size)
    arguments = _suppression(rng, count, drawn_rule(rng, "nms"))
    names = ["keep", "keep_mask", "kept_boxes", "sorted_positions", "padded_keep", "kept_count"]
    if rng.random() < 0.3:
        arguments["pre_top_k"] = int(rng.integers(0, count + 2))
    else:
        names += ["sorted_boxes", "sorted_keep_mask"]
    kinds = OPERATORS["nms"].output_dtypes
    arguments["outputs"] = tuple((name, kinds.get(name, "same")) for name in names)
    if rng.random() < 0.3:
        arguments["max_outputs"] = int(rng.integers(0, count + 2))
    if rng.random() < 0.3:
        arguments["score_threshold"] = float(rng.choice([-0.5, 0.0, 0.25, 0.5]))
    return Call("nms", arguments | _grouped(rng, count))


def _large(rng: Random, size: float) -> Call:
    """Many boxes over a wide image or a narrow one, alone or in the classes of a detector."""
    count = scaled(int(rng.choice([20_000, 50_000, 100_000])), size)
    extent = rng.choice([100.0, 1000.0, 100.0 * count**0.5])
    corner = rng.uniform(0, extent, (count, 2))
    boxes = np.concatenate((corner, corner + rng.uniform(4, 120, (count, 2))), axis=1)
    dtype = one_of(rng, *DTYPES)
    arguments = {
        "boxes": as_tensor(boxes, dtype),
        "scores": as_tensor(rng.random(count), dtype),
        "iou_threshold": float(rng.choice([0.3, 0.5, 0.7])),
        "rule": drawn_rule(rng, "nms"),
    }
    if rng.random() < 0.5:
        arguments["groups"] = torch.from_numpy(rng.integers(0, 80, count))
    return Call("nms", arguments)


def _soft_nms(rng: Random, size: float) -> Call:
    count = scaled(int(rng.choice([3, 40, 300])), size)
    arguments = _suppression(rng, count, drawn_rule(rng, "soft_nms"))
    arguments |= {
        "sigma": float(rng.choice([0.1, 0.5, 2.0])),
        "min_score": float(rng.choice([0.0, 0.001, 0.3])),
    }
    return Call("soft_nms", arguments | _grouped(rng, count))


def _suppression(rng: Random, count: int, rule: Rule) -> dict[str, Any]:
    dtype = one_of(rng, *DTYPES)
    scores = SCORES[one_of(rng, *SCORES)](rng, count, drawn_as(dtype))
    threshold = rng.choice(THRESHOLDS) if rng.random() < 0.7 else rng.random()
    return {
        "boxes": drawn_boxes(rng, count, dtype),
        "scores": as_tensor(scores, dtype),
        "iou_threshold": float(threshold),
        "rule": rule,
    }


def _grouped(rng: Random, count: int) -> dict[str, Any]:
    if rng.random() < 0.4:
        return {}
    groups = torch.from_numpy(rng.integers(-2, 5, count))
    limit = {"shift_limit": int(rng.integers(0, 2 * count + 1))} if rng.random() < 0.5 else {}
    return {"groups": groups.double() if rng.random() < 0.3 else groups, **limit}


SUPPRESSION = {
    "nms groups": Kind(
        _groups, "one group of a grouped call, compared with its own call on the CPU, too", 0.45
    ),
    "nms": Kind(_nms, "one call with all its outputs", 0.004),
    "nms large": Kind(_large, "one call of up to 100000 boxes", 0.00005),
    "soft_nms": Kind(_soft_nms, "one call", 0.002),
}
