"""No axis is idle: for any two values of an axis there is an input on which they differ."""

from __future__ import annotations

from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from cases import BOXES, DTYPES, ROIS, SCORES, Array, features, generator

from opsbridge.core.nms import NmsRule, nms
from opsbridge.core.roi_align import RoiAlignRule, roi_align
from opsbridge.core.roi_pool import RoiPoolRule, roi_pool, roi_pool_backward
from opsbridge.core.rules import AxisValue, Rule
from opsbridge.errors import ArgumentError
from opsbridge.frameworks.numpy import LAYER

Input = tuple[tuple[Any, ...], dict[str, Any], dict[str, Any]]  # arguments, slots, base axes

# Values that say different things of a framework and never give different results: an overlap is
# the same with x and y exchanged, and a threshold the same in whichever type its value is held.
ALIKE = {
    ("layout", "xyxy", "yxyx"),
    ("threshold_type", "float32", "float64_via_float32"),
}
# Values that read another argument, so that no input is right for both.
TABLED_BATCH = {"given", "counts"}


def pairs(rule: type[Rule]) -> list[Any]:
    """Every axis with every two of its values that can be compared."""
    return [
        pytest.param(axis, first, second, id=f"{axis}-{first}-{second}")
        for axis, values in rule.axes.items()
        for first, second in combinations(values, 2)
        if (axis, first, second) not in ALIKE
        and not (axis == "batch_rule" and len(TABLED_BATCH & {first, second}) == 1)
    ]


def contested_pair(rng: np.random.Generator, dtype: Any) -> tuple[Array, Array, float]:
    """Two boxes and the overlap they have, as the threshold: every rounding decides."""
    boxes = np.array([[0, 0, 10, 10], [0, 0, *rng.uniform(3, 10, 2)]], dtype)
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    overlap = area[1] / (area[0] + area[1] - area[1])
    return boxes, np.array([0.9, 0.8], dtype), float(overlap)


@cache
def nms_inputs() -> list[Input]:
    """Suppressions of every family, and pairs whose overlap is the threshold."""
    rng = generator("axes matter", "nms")
    inputs: list[Input] = []
    for dtype in DTYPES:
        for family in BOXES:
            for scored in SCORES:
                boxes, scores = BOXES[family](rng, 40, dtype), SCORES[scored](rng, 40, dtype)
                # Group ids so large that shifting rounds, and coordinates so low that it collides.
                far, near = rng.integers(0, 3, 40) * 30000, rng.integers(0, 2, 40)
                for threshold in (0.3, -0.5):
                    inputs.append(((boxes, scores, threshold), {"groups": far}, {}))
                    low = boxes - dtype(70)
                    inputs.append(((low, scores, threshold), {"groups": near}, {}))
                    shifted: dict[str, Any] = {"group_rule": "shifted"}
                    many = {"groups": far, "shift_limit": 40}
                    inputs.append(((boxes, scores, threshold), many, shifted))
                    inputs.append(((low, scores, threshold), many | {"groups": near}, shifted))
        inputs += [(contested_pair(rng, dtype), {}, {}) for _ in range(100)]
    return inputs


@cache
def roi_align_inputs() -> list[Input]:
    """Regions of every family under rules that let the rarer axes show."""
    rng = generator("axes matter", "roi_align")
    bases: list[dict[str, Any]] = [
        {"negative_size": "allow"},
        {"negative_size": "allow", "min_size": "none", "grid": "floor"},
        {"negative_size": "allow", "min_size": "none", "grid": "floor", "reduction": "maximum"},
    ]
    special = np.array([[0, 1, 1, 5, np.nan], [0, 1, 1, 5, np.inf]])
    large = np.array([[0, -75000, -75000, 75000, 75000]])
    above = np.array([[0, 0, 0, 12 + 1e-8, 12]])  # bins just above two pixels
    columns = [np.array([[column, 1, 1, 5, 5]]) for column in (0.99995, 0.5, -0.00001)]
    inputs: list[Input] = []
    for dtype in (*DTYPES, np.float16):
        image = features(rng, dtype) * dtype(15000)
        image[:, :, 0, 0] = np.nan
        families = [ROIS[family](rng, 6, dtype) for family in ROIS]
        others = [each.astype(dtype) for each in (special, large, above, *columns)]
        for rois in (*families, *others):
            for ratio in (-1, 2):
                inputs += [((image, rois, 2, 2, 1 / 3, ratio), {}, base) for base in bases]
    return inputs


def outcome(function: Any, rule: type[Rule], given: Input, axes: dict[str, AxisValue]) -> bytes:
    """The bytes of the results, or that the input is refused."""
    arguments, slots, base = given
    try:
        results = function(LAYER, *arguments, **slots, rule=rule(**base | axes))
    except ArgumentError:
        return b"refused"
    return b"".join(np.asarray(result).tobytes() for result in results)


def check_that_one_differs(
    function: Any, rule: type[Rule], inputs: list[Input], axis: str, values: tuple[Any, Any]
) -> None:
    """Some input has another outcome under the second value than under the first."""
    first, second = ({axis: value} for value in values)
    assert any(
        outcome(function, rule, given, first) != outcome(function, rule, given, second)
        for given in inputs
    ), f"{axis}: {values[0]} and {values[1]} give equal results on all {len(inputs)} inputs"


@pytest.mark.parametrize(("axis", "first", "second"), pairs(NmsRule))
def test_axes_of_nms(axis: str, first: AxisValue, second: AxisValue) -> None:
    check_that_one_differs(nms, NmsRule, nms_inputs(), axis, (first, second))


@pytest.mark.parametrize(("axis", "first", "second"), pairs(RoiAlignRule))
def test_axes_of_roi_align(axis: str, first: AxisValue, second: AxisValue) -> None:
    if {first, second} <= TABLED_BATCH:
        rng = generator("axes matter", "batch")
        corners = np.ascontiguousarray(ROIS["inside"](rng, 2, np.float32)[:, 1:])
        arguments = (features(rng, np.float32), corners, 2, 2, 1.0, 2)
        inputs: list[Input] = [(arguments, {"batch_indices": np.array([1, 1])}, {})]
    else:
        inputs = roi_align_inputs()
    check_that_one_differs(roi_align, RoiAlignRule, inputs, axis, (first, second))


@cache
def roi_pool_inputs() -> list[Input]:
    """Regions of every family on features with one channel per bin, and what makes no sense."""
    rng = generator("axes matter", "roi_pool")
    special = np.array([[0, 1, 1, 5, np.nan], [0, 1, 1, 5, np.inf]])
    columns = [np.array([[column, 1, 1, 5, 5]]) for column in (0.99995, 0.5, -0.00001)]
    half = np.array([[0, 5, 0, 5, 0], [0, 15, 0, 25, 5]])  # five times 0.7 rounds by precision
    inputs: list[Input] = []
    for dtype in (*DTYPES, np.float16):
        image = features(rng, dtype, (2, 4, 11, 14)) + dtype(2)
        families = [ROIS[family](rng, 6, dtype) for family in ROIS]
        others = [each.astype(dtype) for each in (special, half, *columns)]
        for rois in (*families, *others):
            for base in ({}, {"pooling": "average"}):
                inputs.append(((image, rois, 2, 2, 0.7), {}, base))
        tiny = np.array([[0, 3.2, 3.2, 3.6, 3.7]], dtype)
        inputs.append(((image, tiny, 2, 2, 1.0), {}, {"corner": "exact", "length_plus": 0}))
    return inputs


def pool_and_gradient(layer: Any, *arguments: Any, **options: Any) -> tuple[Any, ...]:
    """The result of pooling, and the gradient of the features for one."""
    (pooled,) = roi_pool(layer, *arguments, **options)
    return pooled, *roi_pool_backward(layer, np.ones_like(pooled), *arguments, **options)


@pytest.mark.parametrize(("axis", "first", "second"), pairs(RoiPoolRule))
def test_axes_of_roi_pool(axis: str, first: AxisValue, second: AxisValue) -> None:
    inputs = roi_pool_inputs()
    if {first, second} <= TABLED_BATCH:
        arguments = inputs[0][0]
        corners = np.ascontiguousarray(arguments[1][:2, 1:])
        given = (arguments[0], corners, *arguments[2:])
        inputs = [(given, {"batch_indices": np.array([1, 1])}, {})]
    if axis == "gradient_clip_high":
        inputs = [
            (given, slots, base | {"clip_high": "last_pixel"}) for given, slots, base in inputs
        ]
    check_that_one_differs(pool_and_gradient, RoiPoolRule, inputs, axis, (first, second))


def test_values_said_to_be_alike_are_alike() -> None:
    for axis, first, second in ALIKE:
        for given in nms_inputs():
            outcomes = {outcome(nms, NmsRule, given, {axis: value}) for value in (first, second)}
            assert len(outcomes) == 1
