"""Drawing arguments of operators: rules, boxes, tensors; a call and what is a case of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from cases import BOXES

from opsbridge.core import OPERATORS

Random = np.random.Generator
DTYPES = ("float32", "float64", "float16", "bfloat16")
DEFAULT_AT = 0.6  # so often an axis keeps its default
# What a GPU refuses; orders of one sequential sort it refuses, too, or sorts stably instead.
OF_THE_CPU = {
    "order": ("introsort", "bitonic"),
    "kept_order": ("introsort", "introsort_over_limit"),
    "overlap_form": ("positive_areas", "one_minus_distance"),
    "score_type": ("float32", "float32_normal"),
    "selection_order": ("by_index", "queue"),
    "min_score_test": ("not_above",),
    "exponent": ("scaled",),
    # An exponential and an arctangent are not the same to the last place everywhere.
    "method": ("gaussian",),
    "measure": ("ciou",),
}


@dataclass(frozen=True)
class Call:
    """Arguments of one call of an operator.

    `case_axes` leading axes of the results number the cases; with none the call is one case, or,
    where `groups_are_cases`, each of its groups is. `roundings`, of the largest number, may lie
    between the results of two devices: that many where functions are not exact to the last place.
    """

    operator: str
    arguments: Mapping[str, Any]
    case_axes: int = 0
    groups_are_cases: bool = False
    roundings: int = 0


@dataclass(frozen=True)
class Kind:
    """Calls of one kind: how to draw them, what a case is, and its share of all cases."""

    draw: Callable[[Random, float], Call]
    case: str
    share: float


def drawn_rule(rng: Random, operator: str, **chosen: Any) -> Any:
    """A rule with some axes away from their defaults."""
    kind = OPERATORS[operator].rule
    drawn = {}
    for axis, allowed in kind.axes.items():
        values = [value for value in allowed if value not in OF_THE_CPU.get(axis, ())]
        if rng.random() >= DEFAULT_AT:
            drawn[axis] = values[rng.integers(len(values))]
    return kind(**drawn | chosen)


def drawn_boxes(rng: Random, count: int, dtype: str) -> Any:
    """Boxes of one family; sometimes their columns lie one after the other."""
    boxes = as_tensor(BOXES[one_of(rng, *BOXES)](rng, count, drawn_as(dtype)), dtype)
    return boxes.t().contiguous().t() if rng.random() < 0.1 else boxes


def as_tensor(values: np.ndarray[Any, Any], dtype: str) -> Any:
    """Numbers as a tensor of a dtype, which NumPy need not have."""
    return torch.from_numpy(np.ascontiguousarray(values)).to(getattr(torch, dtype))


def drawn_as(dtype: str) -> Any:
    """NumPy has no bfloat16, whose range is that of float32."""
    return np.float32 if dtype == "bfloat16" else getattr(np, dtype)


def one_of(rng: Random, *names: str) -> str:
    """One of some words."""
    return str(rng.choice(names))


def scaled(count: int, size: float) -> int:
    """How many there are in a smaller call, one at least."""
    return max(int(count * size), 1)
