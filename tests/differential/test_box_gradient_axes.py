"""Gradients under conventions that no framework differentiates: slopes of the reference."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from cases import Array, generator

from opsbridge import reference
from opsbridge.core.box_convert import BoxConvertRule
from opsbridge.core.box_gradients import box_convert_gradient, box_iou_gradient
from opsbridge.core.box_iou import BoxIouRule
from opsbridge.frameworks.numpy import LAYER

LAYOUTS = ("xyxy", "yxyx", "xywh", "cxcywh")
DENOMINATORS = ("union_area", "first_area", "second_area")


def some_boxes(rng: np.random.Generator, count: int, layout: str, side: float) -> Array:
    """Boxes that all overlap each other."""
    low, high = rng.uniform(0, 0.4, (count, 2)) * side, rng.uniform(0.6, 1, (count, 2)) * side
    corners = np.concatenate([low, high], axis=1)
    converted: Array = reference.box_convert(corners, source_layout="xyxy", target_layout=layout)
    return converted


def slopes(function: Any, at: Array, step: float) -> Array:
    """The derivative of a number by each element, by central differences."""
    found = np.empty_like(at)
    for place in np.ndindex(at.shape):
        more, less = at.copy(), at.copy()
        more[place] += step
        less[place] -= step
        found[place] = (function(more) - function(less)) / (2 * step)
    return found


def check_slopes(first: Array, second: Array, side: float, **axes: Any) -> None:
    """Both gradients are the slopes of a weighted sum of the reference's overlaps."""
    weights = np.linspace(-1, 2, len(first) * len(second)).reshape(len(first), len(second))

    def total(one: Array, other: Array) -> float:
        overlaps = reference.box_iou(one, other, 1e-7, **axes)
        return float((overlaps * weights).sum())

    found = box_iou_gradient(LAYER, weights, first, second, 1e-7, rule=BoxIouRule(**axes))
    wanted = (
        slopes(lambda one: total(one, second), first, side * 1e-6),
        slopes(lambda other: total(first, other), second, side * 1e-6),
    )
    for gradient, slope in zip(found, wanted, strict=True):
        np.testing.assert_allclose(gradient * side, slope * side, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_slopes_of_every_layout_and_denominator(layout: str) -> None:
    rng = generator("slopes", layout)
    pair = some_boxes(rng, 3, layout, 10), some_boxes(rng, 2, layout, 10)
    for denominator, measure in product(DENOMINATORS, ("iou", "giou", "diou")):
        check_slopes(*pair, 10, layout=layout, denominator=denominator, measure=measure)


def test_a_side_that_is_cut_has_no_slope() -> None:
    rng = generator("cut slopes")
    pair = some_boxes(rng, 3, "xyxy", 1e10), some_boxes(rng, 2, "xyxy", 1e10)
    pair[0][0, 2:] = pair[0][0, :2] + 1e9  # the sides that this one shares are short enough
    for measure in ("iou", "giou"):
        check_slopes(*pair, 1e10, longest_side="int32", measure=measure)


@pytest.mark.parametrize("target", LAYOUTS)
@pytest.mark.parametrize("source", LAYOUTS)
def test_gradients_of_conversions_are_the_transposed_map(source: str, target: str) -> None:
    axes: Any = {"source_layout": source, "target_layout": target}
    columns = reference.box_convert(np.eye(4), **axes)  # of a map that is linear
    given = generator("conversions", source, target).standard_normal((5, 4))
    (found,) = box_convert_gradient(LAYER, given, np.zeros((5, 4)), rule=BoxConvertRule(**axes))
    np.testing.assert_allclose(found, given @ columns.T, rtol=1e-14, atol=1e-14)
