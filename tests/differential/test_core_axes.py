"""The kernels against the reference over all values of all axes, drawn at random.

A pair of drawn rules differs in about every axis, so that every value meets every other value
after a few hundred draws; a family of inputs decides what a draw can show.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from cases import ALL_DTYPES, BATCH, BOXES, ROIS, SCORES, assert_same_bits, features, generator

from opsbridge import reference
from opsbridge.core.nms import NmsRule, nms
from opsbridge.core.roi_align import RoiAlignRule, roi_align
from opsbridge.core.rules import Rule
from opsbridge.errors import ArgumentError
from opsbridge.frameworks.numpy import LAYER

NMS_OUTPUTS = (
    ("keep", "int64"),
    ("keep_mask", "bool"),
    ("kept_boxes", "same"),
    ("sorted_boxes", "same"),
    ("sorted_positions", "int64"),
    ("sorted_keep_mask", "bool"),
    ("matched", "int64"),
    ("match_ends", "int64"),
    ("padded_keep", "int64"),
    ("kept_count", "int64"),
)
COUNT = 40
COLUMNS = (
    0,
    -0.0,
    0.49992,
    0.49994,
    0.5,
    0.99995,
    1,
    1.00001,
    1.5,
    2,
    -0.3,
    -1,
    1e9,
    np.nan,
    np.inf,
)


def every_value(rule: type[Rule]) -> list[dict[str, Any]]:
    """Each value of each axis once, the other axes at their defaults."""
    return [{axis: value} for axis, values in rule.axes.items() for value in values]


def drawn_axes(rng: np.random.Generator, rule: type[Rule]) -> dict[str, Any]:
    """One value of every axis."""
    return {axis: values[int(rng.integers(len(values)))] for axis, values in rule.axes.items()}


def maybe(rng: np.random.Generator, value: Any) -> Any:
    """The value half of the time, else nothing."""
    return value if rng.random() < 0.5 else None


def drawn_slots(rng: np.random.Generator, count: int) -> dict[str, Any]:
    """Values of the optional inputs of a suppression."""
    return {
        "groups": maybe(rng, rng.integers(-1, 4, count)),
        "score_threshold": maybe(rng, float(rng.choice([-1.0, 0.0, 0.5]))),
        "pre_top_k": maybe(rng, int(rng.integers(0, 2 * count + 1))),
        "max_outputs": maybe(rng, int(rng.integers(0, count + 1))),
        "threshold_decay": maybe(rng, float(rng.choice([0.5, 0.9, 1.0, 1.5]))),
        "shift_limit": maybe(rng, int(rng.integers(0, 8 * count + 1))),
    }


def check_nms(boxes: Any, scores: Any, threshold: float, slots: Any, axes: dict[str, Any]) -> None:
    """Both give equal outputs, or both refuse."""
    rule = NmsRule(**axes)
    try:
        expected = reference.nms(boxes, scores, threshold, **slots, **axes)
    except ArgumentError:
        with pytest.raises(ArgumentError):
            nms(LAYER, boxes, scores, threshold, **slots, rule=rule)
        return
    results = nms(LAYER, boxes, scores, threshold, **slots, rule=rule, outputs=NMS_OUTPUTS)
    assert [name for name, _ in NMS_OUTPUTS] == [f.name for f in dataclasses.fields(expected)]
    for (name, _), result in zip(NMS_OUTPUTS, results, strict=True):
        wanted = getattr(expected, name)
        if name.endswith("boxes"):
            assert_same_bits(result, wanted)
        else:
            assert result.dtype == wanted.dtype, name
            np.testing.assert_array_equal(result, wanted, err_msg=f"{name} {axes} {slots}")


@pytest.mark.parametrize("axes", every_value(NmsRule), ids=str)
@pytest.mark.parametrize("family", BOXES)
def test_each_axis_value_of_nms(family: str, axes: dict[str, Any]) -> None:
    rng = generator("core nms", family, str(axes))
    for dtype in ALL_DTYPES:
        boxes = BOXES[family](rng, COUNT, dtype)
        scores = SCORES[str(rng.choice(list(SCORES)))](rng, COUNT, dtype)
        slots = {"groups": rng.integers(0, 3, COUNT)} if "group_rule" in axes else {}
        check_nms(boxes, scores, float(rng.integers(0, 11) / 10), slots, axes)


@pytest.mark.parametrize("family", BOXES)
def test_axes_of_nms_together(family: str) -> None:
    rng = generator("core nms together", family)
    for _ in range(150):
        dtype = ALL_DTYPES[int(rng.integers(3))]
        count = int(rng.choice([0, 1, 2, 15, 16, 17, 33, 70]))
        boxes = BOXES[family](rng, count, dtype)
        scores = SCORES[str(rng.choice(list(SCORES)))](rng, count, dtype)
        threshold = float(rng.choice([rng.integers(0, 11) / 10, rng.uniform(-0.2, 1.2)]))
        axes = drawn_axes(rng, NmsRule)
        check_nms(boxes, scores, threshold, drawn_slots(rng, count), axes)


@pytest.mark.parametrize("rule", ["shifted", "per_group_on_shifted"])
def test_groups_of_boxes_left_of_the_image_are_moved_by_what_their_largest_corner_says(
    rule: str,
) -> None:
    rng = generator("core nms left", rule)
    for dtype in ALL_DTYPES:
        for left in (2, 40, 100):
            boxes = BOXES["clustered"](rng, COUNT, dtype) - dtype(left)
            boxes = np.minimum(boxes, dtype(-1.5))
            slots = {"groups": rng.integers(0, 3, COUNT)}
            scores = SCORES["tied"](rng, COUNT, dtype)
            check_nms(boxes, scores, 0.5, slots, {"group_rule": rule})


def check_roi_align(
    image: Any, rois: Any, output_size: tuple[int, int], scale: float, ratio: int, axes: Any
) -> None:
    """Both give equal bits, or both refuse."""
    rule = RoiAlignRule(**axes)
    given, indices = rois, None
    if axes.get("batch_rule") == "given":
        given, indices = np.ascontiguousarray(rois[:, 1:]), rois[:, 0].astype(np.int64)
    elif axes.get("batch_rule") == "counts":
        given = np.ascontiguousarray(rois[:, 1:])
        indices = np.bincount(rois[:, 0].astype(np.int64), minlength=len(image))
    arguments = image, given, *output_size, scale, ratio
    try:
        expected = reference.roi_align(*arguments, batch_indices=indices, **axes)
    except ArgumentError:
        with pytest.raises(ArgumentError):
            roi_align(LAYER, *arguments, batch_indices=indices, rule=rule)
        return
    (pooled,) = roi_align(LAYER, *arguments, batch_indices=indices, rule=rule)
    assert_same_bits(pooled, expected)


@pytest.mark.parametrize("axes", every_value(RoiAlignRule), ids=str)
@pytest.mark.parametrize("family", ROIS)
def test_each_axis_value_of_roi_align(family: str, axes: dict[str, Any]) -> None:
    rng = generator("core roi_align", family, str(axes))
    if "maximum_start" in axes:
        axes = {**axes, "reduction": "maximum"}
    for dtype in ALL_DTYPES:
        for ratio in (-1, 2):
            image, rois = features(rng, dtype), ROIS[family](rng, 6, dtype)
            check_roi_align(image, rois, (2, 3), 0.7, ratio, axes)


@pytest.mark.parametrize("family", ROIS)
def test_axes_of_roi_align_together(family: str) -> None:
    rng = generator("core roi_align together", family)
    for _ in range(60):
        dtype = ALL_DTYPES[int(rng.integers(3))]
        image, rois = features(rng, dtype), ROIS[family](rng, int(rng.integers(5)), dtype)
        output_size = int(rng.integers(1, 6)), int(rng.integers(1, 6))
        scale = float(rng.choice([1.0, 0.25, 1 / 3, 1.7, -1.0, 0.0]))
        axes = drawn_axes(rng, RoiAlignRule)
        check_roi_align(image, rois, output_size, scale, int(rng.integers(-1, 5)), axes)


@pytest.mark.parametrize("batch_rule", ["integral", "truncate", "nearest_7e-5"])
@pytest.mark.parametrize(
    "column",
    [0, -0.0, 0.49992, 0.49994, 0.5, 0.99995, 1, 1.00001, 1.5, 2, -0.3, -1, 1e9, np.nan, np.inf],
)
def test_batch_columns(column: float, batch_rule: str) -> None:
    image = features(generator("core batch"), np.float32)
    rois = np.array([[1, 1, 1, 3, 3], [column, 1, 1, 3, 3]], np.float32)
    check_roi_align(image, rois, (2, 2), 1.0, 2, {"batch_rule": batch_rule})


@pytest.mark.parametrize(
    "indices", [[0, 1, 1], [0, 2, 1], [-1, 0, 0], [2**40, 0, 0], [-(2**62), 0, 0]]
)
def test_given_batch_indices(indices: list[int]) -> None:
    rng = generator("core given")
    image, rois = features(rng, np.float32), ROIS["inside"](rng, 3, np.float32)[:, 1:].copy()
    given = np.array(indices)
    rule = RoiAlignRule(batch_rule="given")
    if min(indices) < 0 or max(indices) >= BATCH:
        with pytest.raises(ArgumentError, match=r"batch_indices\[\d\] is"):
            roi_align(LAYER, image, rois, 2, 2, 1.0, 2, batch_indices=given, rule=rule)
        return
    (pooled,) = roi_align(LAYER, image, rois, 2, 2, 1.0, 2, batch_indices=given, rule=rule)
    expected = reference.roi_align(
        image, rois, 2, 2, 1.0, 2, batch_indices=given, batch_rule="given"
    )
    assert_same_bits(pooled, expected)


@pytest.mark.parametrize("batch_rule", ["given", "counts"])
@pytest.mark.parametrize(
    "indices", [[], [0], [0, 1], [0, 1, 0, 1], [1, 1], [3, 1], [4, -1], [1, 1, 1]]
)
def test_batch_indices_of_the_wrong_length_are_refused(indices: list[int], batch_rule: str) -> None:
    rng = generator("core lengths")
    image, rois = features(rng, np.float32), ROIS["inside"](rng, 3, np.float32)[:, 1:].copy()
    if batch_rule == "given" and len(indices) == 3:
        indices = [*indices, 0]
    with pytest.raises(ArgumentError):
        roi_align(
            LAYER,
            image,
            rois,
            2,
            2,
            1.0,
            2,
            batch_indices=np.array(indices, np.int64),
            rule=RoiAlignRule(batch_rule=batch_rule),
        )


@pytest.mark.parametrize(
    "corners",
    [
        [np.nan, 1, 3, 3],
        [1, 1, np.inf, 3],
        [1, -np.inf, 3, 3],
        [3e38, 0, 3e38, 1],
        [-3e38, 0, 3e38, 1],
        [0, 0, 1e30, 1],
        [0, 0, 1e12, 1e-3],
        [0, 0, 1e6, 1e6],
        [0, 0, 60000, 60000],
        [5, 5, -1e6, 1e6],
        [np.nan, 5, 3, 1],
        [5, np.inf, 1, 9],
        [0.0009, 0, -0.0009, 5],
        [0.001, 0, 0.0005, 5],
    ],
    ids=str,
)
@pytest.mark.parametrize("nonfinite", ["refuse", "zero"])
@pytest.mark.parametrize("near_zero_row", ["compute", "zero"])
@pytest.mark.parametrize("negative_size", ["allow", "refuse", "zero"])
@pytest.mark.parametrize("ratio", [0, 2, 40000, 60000])
def test_regions_without_sense(
    corners: list[float], ratio: int, nonfinite: str, near_zero_row: str, negative_size: str
) -> None:
    image = features(generator("core senseless"), np.float32)
    rois = np.array([[0, *corners]], np.float32)
    for size in (1, 2):
        for scale in (1.0, 2.0):
            for grid_limit in ("table", "count"):
                axes = {
                    "nonfinite": nonfinite,
                    "near_zero_row": near_zero_row,
                    "negative_size": negative_size,
                    "grid_limit": grid_limit,
                    "min_size": "none",
                    "half_pixel": 0.5,
                }
                check_roi_align(image, rois, (size, size), scale, min(ratio, 2), axes)
                if ratio > 2:
                    far = rois + np.array([0, 500, 500, 500, 500], np.float32)
                    check_roi_align(image, far, (size, size), scale, ratio, axes)


@pytest.mark.parametrize(
    "shape", [(0, 3, 5, 5), (2, 0, 5, 5), (2, 3, 0, 5), (2, 3, 5, 0), (1, 1, 1, 1), (2, 3, 1, 7)]
)
@pytest.mark.parametrize("reduction", ["average", "maximum", "maximum_weighted_corner"])
def test_small_and_empty_images(shape: tuple[int, int, int, int], reduction: str) -> None:
    rng = generator("core empty")
    for count in (0, 3):
        for ratio in (0, 2):
            for rule in ("at_least_one", "product"):
                rois = ROIS["outside"](rng, count, np.float32) / 4
                rois[:, 0] = 0
                axes = {"reduction": reduction, "count": rule}
                check_roi_align(features(rng, np.float32, shape), rois, (2, 3), 1.0, ratio, axes)
