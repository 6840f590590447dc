"""The box operators under every value of every axis: bits of the reference."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from cases import BOXES, Array, assert_same_bits, generator

from opsbridge import reference
from opsbridge.core import OPERATORS
from opsbridge.core.box_iou import BoxIouRule
from opsbridge.core.rules import AxisValue
from opsbridge.errors import ArgumentError
from opsbridge.frameworks.numpy import LAYER

LAYOUTS = ("xyxy", "yxyx", "xywh", "cxcywh")
ROTATED = ("xywhr", "cxcywhr", "xyxyxyxy")
COLUMNS = {"xywhr": 5, "cxcywhr": 5, "xyxyxyxy": 8}
INTEGERS = ("uint8", "int8", "int16", "int32", "int64")
FLOATS = ("float16", "float32", "float64")


def boxes_of(family: str, rng: np.random.Generator, count: int, dtype: str) -> Array:
    """Boxes of a family in any dtype of NumPy."""
    made = BOXES[family](rng, count, np.float64 if dtype == "float64" else np.float32)
    if dtype in INTEGERS:
        made = np.nan_to_num(np.clip(made, 0, 99), nan=7).round()
    with np.errstate(over="ignore"):
        boxes: Array = made.astype(dtype)
    return boxes


def native(operator: str, *tensors: Any, **axes: AxisValue) -> Any:
    """The first result of the core operator."""
    record = OPERATORS[operator]
    return record.run(LAYER, *tensors, rule=record.rule(**axes))[0]


def check(operator: str, *arguments: Any, **axes: AxisValue) -> None:
    """Both give the same bits, or both refuse."""
    try:
        expected = getattr(reference, operator)(*arguments, **axes)
    except ArgumentError:
        with pytest.raises(ArgumentError):
            native(operator, *arguments, **axes)
        return
    actual = native(operator, *arguments, **axes)
    if expected.dtype.kind == "f":
        assert_same_bits(actual, expected)
        return
    assert (actual.dtype, actual.shape) == (expected.dtype, expected.shape)
    np.testing.assert_array_equal(actual, expected)


def axis_changes() -> list[dict[str, AxisValue]]:
    """Every value of every axis of overlaps, alone and in pixels of MindSpore's kind."""
    pixels: dict[str, AxisValue] = {
        "box_offset": 1,
        "denominator_epsilon": "e_minus_10",
        "widening": "none",
        "nan_corner": "compared",
    }
    alone = [
        {name: value}
        for name, values in BoxIouRule.axes.items()
        for value in values
        if value != "ciou"  # its arctangent is compared below
        and value not in ROTATED  # compared in test_rotated_overlaps
    ]
    return [*alone, *(pixels | change for change in alone)]


@pytest.mark.parametrize("change", axis_changes(), ids=str)
def test_overlaps(change: dict[str, AxisValue]) -> None:
    for family, dtype in product(BOXES, (*FLOATS, *INTEGERS)):
        if dtype in INTEGERS and change.get("widening") == "none":
            continue  # refused by the dtype check, see test_bad_boxes
        rng = generator("overlap axes", family, dtype)
        aligned = change.get("pairing") == "aligned"
        for counts in ((0, 0), (1, 1), (6, 6)) if aligned else ((0, 3), (1, 1), (7, 9)):
            pair = [boxes_of(family, rng, count, dtype) for count in counts]
            for measure in ("iou", "giou", "diou"):
                check("box_iou", *pair, 1e-7, **{"measure": measure} | change)


@pytest.mark.parametrize("corner", BoxIouRule.axes["nan_corner"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_overlaps_of_all_rows_of_odd_numbers(layout: str, corner: str) -> None:
    odd = np.array([*product((0, 3, -np.inf, np.inf, np.nan), repeat=4)], np.float32)
    sound = np.array([[1, 1, 2, 2], [-5, -5, 9, 9]], np.float32)
    for measure, denominator in product(("iou", "giou", "diou"), BoxIouRule.axes["denominator"]):
        axes = {"layout": layout, "nan_corner": corner, "measure": measure}
        check("box_iou", odd, sound, 1e-7, **axes, denominator=denominator)
        check("box_iou", sound, odd, 1e-7, **axes, denominator=denominator)


@pytest.mark.parametrize("dtype", ["int32", "int64"])
@pytest.mark.parametrize("layout", ["xyxy", "yxyx", "xywh"])
def test_overlaps_of_large_integers(layout: str, dtype: str) -> None:
    rng = generator("large integers", layout, dtype)
    low, side = rng.integers(-(2**20), 2**20, (2, 16, 2)), rng.integers(2**16, 2**21, (2, 16, 2))
    ends = side if layout == "xywh" else low + side
    first, second = np.concatenate([low, ends], axis=2).astype(dtype)
    for measure in ("iou", "giou", "diou"):
        check("box_iou", first, second, 1e-7, layout=layout, measure=measure)


def test_areas_of_integers_are_exact_or_refused() -> None:
    near = [2**bits - less for bits in (0, 30, 31, 32, 61) for less in (0, 1)]
    for width, height in product([*near, *(-side for side in near)], repeat=2):
        boxes = np.array([[0, 0, 1, 1], [3, 4, width, height]], np.int64)
        if abs(width * height) < 2**63:
            assert native("box_area", boxes, layout="xywh")[1] == width * height
        else:
            with pytest.raises(ArgumentError, match=r"boxes\[1\]"):
                native("box_area", boxes, layout="xywh")


@pytest.mark.parametrize("sign", [-1, 1])
def test_integers_up_to_what_sums_and_products_hold(sign: int) -> None:
    for bits, operator, axes in (
        (30, "box_iou", {"layout": "xywh"}),
        (62, "box_convert", {"source_layout": "xywh", "target_layout": "xyxy"}),
    ):
        row = np.array([[sign * (2**bits - 1), 0, 2, 4]], np.int64)
        others = (row, 0.0) if operator == "box_iou" else ()
        result = native(operator, row, *others, **axes)
        expected = [[1]] if others else [[row[0, 0], 0, row[0, 0] + 2, 4]]
        np.testing.assert_array_equal(result, expected)
        row[0, 0] += sign
        with pytest.raises(ArgumentError, match=r"boxes\[0\]"):
            native(operator, row, *others, **axes)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int16"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_complete_overlaps(layout: str, dtype: str) -> None:
    rng = generator("complete axes", layout, dtype)
    pair = [boxes_of("random", rng, count, dtype) for count in (7, 9)]
    axes = {"layout": layout, "measure": "ciou"}
    actual = native("box_iou", *pair, 1e-7, **axes)
    # The reference takes the arctangent from NumPy, which may round its float64 otherwise.
    np.testing.assert_allclose(actual, reference.box_iou(*pair, 1e-7, **axes), rtol=0, atol=2e-6)


@pytest.mark.parametrize("dtype", [*FLOATS, *INTEGERS])
@pytest.mark.parametrize("family", BOXES)
def test_single_boxes(family: str, dtype: str) -> None:
    rng = generator("single axes", family, dtype)
    for count in (0, 1, 20):
        boxes = boxes_of(family, rng, count, dtype)
        for source, target in product(LAYOUTS, LAYOUTS):
            check("box_convert", boxes, source_layout=source, target_layout=target)
        turned = np.repeat(boxes, 2, axis=1)
        for source, target in product(ROTATED, ROTATED):
            rows = turned[:, : COLUMNS[source]]
            check("box_convert", rows, source_layout=source, target_layout=target)
        check("box_convert", boxes, source_layout="xyxy", target_layout="xywhr")
        for layout, offset in product(LAYOUTS, (0, 1)):
            check("box_area", boxes, layout=layout, box_offset=offset)
        for size, offset in product(((30, 40), (30.5, 40), (-2, 3), (0, 0.0)), (0, 1)):
            check("clip_boxes", boxes, *size, box_offset=offset)
        for least, offset, test in product((0, 7, 7.5, -1), (0, 1), ("at_least", "above")):
            check("small_boxes", boxes, least, box_offset=offset, side_test=test)
        for image, offset in product(((60, 80, 1), (33.3, 44.4, 1.2)), (0, 1)):
            check("check_valid", boxes, np.array(image, np.float32), box_offset=offset)


@pytest.mark.parametrize("offset", [0, 1])
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("family", ["random", "degenerate", "nan", "infinite", "huge"])
def test_coder(family: str, dtype: str, offset: int) -> None:
    rng = generator("coder axes", family, dtype)
    anchors, targets = (boxes_of(family, rng, 20, dtype) for _ in range(2))
    settings = (0.1, -0.2, 0.3, 0.05), (0.1, 0.1, 0.2, 0.2)
    # NumPy's logarithm and exponential may round float64 otherwise.
    unit = {"float16": 0, "float32": 2e-7, "float64": 1e-15}[dtype] * 4
    encoded = native("box_encode", anchors, targets, *settings, box_offset=offset)
    expected = reference.box_encode(anchors, targets, *settings, box_offset=offset)
    np.testing.assert_allclose(encoded, expected, rtol=unit, atol=10 * unit)
    offsets = rng.normal(0, 2, (20, 4)).astype(dtype)
    arguments = (anchors, offsets, 60, 80, *settings, 0.016)
    decoded = native("box_decode", *arguments, box_offset=offset)
    expected = reference.box_decode(*arguments, box_offset=offset)
    np.testing.assert_allclose(decoded, expected, rtol=unit, atol=1000 * unit)


@pytest.mark.parametrize("offset", [0, 1])
@pytest.mark.parametrize("dtype", FLOATS)
def test_coder_of_pairs(dtype: str, offset: int) -> None:
    rng = generator("coder pairs", dtype)
    unit = {"float16": 0, "float32": 2e-7, "float64": 1e-15}[dtype] * 4
    anchors, targets = boxes_of("random", rng, 7, dtype), boxes_of("random", rng, 5, dtype)
    targets[0] = targets[0, [2, 1, 0, 3]]
    moves = rng.normal(0, 1, (7, 5, 4)).astype(dtype)
    own = rng.uniform(0.1, 2, (7, 4)).astype(dtype)
    for deviations, centre in product((own, own[0], None), ("midpoint", "low_and_half_side")):
        axes: dict[str, AxisValue] = {"box_offset": offset, "anchor_centre": centre}
        for ratio in ("as_it_is", "absolute"):
            keywords = {"anchor_deviations": deviations, "pairing": "every_pair", **axes}
            encoded = _run("box_encode", anchors, targets, side_ratio=ratio, **keywords)
            np.testing.assert_allclose(*encoded, rtol=unit, atol=10 * unit)
        for along, taken in product(("first_axis", "second_axis"), ("half_each", "high")):
            offsets = moves if along == "first_axis" else moves.transpose(1, 0, 2)
            keywords = {"anchor_deviations": deviations, "taken_off": taken, **axes}
            decoded = _run("box_decode", anchors, offsets, anchors_along=along, **keywords)
            np.testing.assert_allclose(*decoded, rtol=unit, atol=1000 * unit)


def _run(operator: str, *tensors: Array, anchor_deviations: Array | None, **axes: Any) -> Any:
    """The result of the core operator, and of the reference."""
    record = OPERATORS[operator]
    given = {"anchor_deviations": anchor_deviations, "rule": record.rule(**axes)}
    expected = getattr(reference, operator)(*tensors, anchor_deviations=anchor_deviations, **axes)
    return record.run(LAYER, *tensors, **given)[0], expected


@pytest.mark.parametrize("end", [0, 1])
def test_masks(end: int) -> None:
    for shape in ((0, 3, 4), (2, 0, 3), (5, 7, 9), (3, 1, 1)):
        masks = generator("mask axes", *shape).random(shape) < 0.1
        check("masks_to_boxes", masks, end_offset=end)
        check("masks_to_boxes", masks.astype(np.uint16), end_offset=end)


@pytest.mark.parametrize("method", ["bilinear", "nearest", "bilinear_v2"])
def test_crops(method: str) -> None:
    rng = generator("crop axes", method)
    for shape, size in product(((2, 7, 9, 3), (1, 1, 1, 1), (1, 0, 3, 1)), ((3, 4), (1, 1))):
        images = rng.uniform(0, 100, shape).astype(np.float32)
        boxes = rng.uniform(-0.5, 1.5, (9, 4)).astype(np.float32)
        index = rng.integers(0, shape[0], 9)
        check("crop_and_resize", images, boxes, index, *size, 0.25, method=method)
        boxes[4, 2] = np.nan
        check("crop_and_resize", images, boxes, index, *size, 0.25, method=method)
