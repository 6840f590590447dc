"""Inputs of cases in other forms: boxes as corner or centre and size, images as indices."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from opsbridge.tables.case_call import case_calls
from opsbridge.tables.case_inputs import fitted_inputs
from opsbridge.tables.forms import (
    PLAIN,
    axis_named,
    factors,
    form_of,
    form_text,
    result_text,
    turned,
    unformed,
)
from opsbridge.tables.load import load_api, load_core
from opsbridge.tables.schema import Case, Expectation

BOX = [1.0, 2.0, 5.0, 10.0]


@pytest.mark.parametrize(
    ("layout", "row"), [("xywh", [1.0, 2.0, 4.0, 8.0]), ("cxcywh", [3.0, 6.0, 4.0, 8.0])]
)
def test_the_last_four_columns_become_corner_or_centre_and_size(
    layout: str, row: list[float]
) -> None:
    form = replace(PLAIN, layout=layout)
    assert unformed([BOX], form, {}) == [row]
    assert unformed([[0.5, *BOX]], form, {}) == [[0.5, *row]]
    assert unformed([[BOX], [BOX]], form, {}) == [[row], [row]]
    assert unformed([], form, {}) == []


def inputs(layout: str, boxes: list[list[float]]) -> Any:
    """What an API of this layout is given; None where it cannot be."""
    case = Case("made", (), {}, {"boxes": boxes, "scores": [1.0]}, ())
    found = fitted_inputs(load_api("torchvision/nms"), {"layout": layout}, case, Expectation({}))
    return None if found is None else found["boxes"]


def test_boxes_whose_layout_would_be_rounded_are_not_given() -> None:
    assert inputs("xywh", [BOX]) == [[1.0, 2.0, 4.0, 8.0]]
    assert inputs("xywh", [[0.1, 0.0, 0.3, 1.0]]) is None
    assert inputs("cxcywh", [[0.0, 0.0, 1e9, 1.0]]) is None
    assert inputs("yxyx", [[0.1, 0.0, 0.3, 1.0]]) == [[0.0, 0.1, 1.0, 0.3]]


def test_corner_boxes_have_no_angle() -> None:
    assert inputs("cxcywhr", [BOX]) is None


def regions(rule: str, images: list[float], indices: list[int]) -> Any:
    """The images of two regions as an API of this rule is given them."""
    rois = [[image, *BOX] for image in images]
    case = Case("made", (), {}, {"rois": rois, "features": [[[[1.0]]]] * 2}, ())
    expectation = Expectation({}, inputs={"batch_indices": indices})
    found = fitted_inputs(load_api("onnx/RoiAlign"), {"batch_rule": rule}, case, expectation)
    return None if found is None else (found["rois"], found["batch_indices"])


def test_images_are_indices_or_counts_where_they_can_be() -> None:
    assert regions("given", [1.0, 0.0], [1, 0]) == ([BOX, BOX], [1, 0])
    assert regions("given", [0.5, 0.0], [0, 0]) is None
    assert regions("counts", [0.0, 1.0], [0, 1]) == ([BOX, BOX], [1, 1])
    assert regions("counts", [1.0, 0.0], [1, 0]) is None


def test_fractions_are_not_given_where_the_dtype_is_whole() -> None:
    api, core = load_api("torchvision/nms"), load_core("nms")
    fractions = [[0.5, 0.0, 4.0, 4.0]]
    made = Case("made", (), {}, {"boxes": fractions, "scores": [1.0], "iou_threshold": 0.5}, ())
    case = replace(made, expect=(Expectation({}, {"keep": [0]}),))
    whole = replace(
        made, inputs=made.inputs | {"boxes": [[1.0, 0.0, 4.0, 4.0]]}, expect=case.expect
    )
    boxes = replace(api.params[0], dtypes=("int32",), dtypes_on={})
    integral = replace(api, params=(boxes, *api.params[1:]))
    assert case_calls(api, core, case)
    assert case_calls(integral, core, whole)
    assert not case_calls(integral, core, case)


def test_one_factor_is_that_of_all_columns() -> None:
    assert unformed([3.0, 5.0], replace(PLAIN, times=2.0), {}) == [1.5, 2.5]
    assert unformed([[3.0, 5.0]], replace(PLAIN, times=2.0, plus=(1.0, 3.0)), {}) == [[1.0, 1.0]]
    assert unformed([[3.0, 5.0]], replace(PLAIN, times=(1.0, 2.0), plus=1.0), {}) == [[2.0, 2.0]]


def test_no_number_of_samples_is_what_the_api_takes_for_that() -> None:
    for given, taken in ((0, -1), (-1, -1), (-2, -1), (1, 1), (2, 2)):
        case = Case("made", (), {}, {"rois": [[0.0, *BOX]], "sampling_ratio": given}, ())
        found = fitted_inputs(load_api("torchvision/roi_align"), {}, case, Expectation({}))
        assert found is not None
        assert found["sampling_ratio"] == taken


def test_images_that_no_input_says_are_those_of_the_regions() -> None:
    case = Case("made", (), {}, {"rois": [[1.0, *BOX], [0.0, *BOX]], "features": [0.0, 0.0]}, ())
    axes = {"batch_rule": "given"}
    found = fitted_inputs(load_api("onnx/RoiAlign"), axes, case, Expectation({}))
    assert found is not None
    assert found["batch_indices"] == [1, 0]


def test_a_factor_names_an_axis_or_its_last_place() -> None:
    for factor, axis in (("H", "H"), ("H - 1", "H"), ("H - 10", "H - 10"), ("x H - 1", "x H - 1")):
        assert axis_named(factor) == axis
    assert factors((1, "H", "W - 1", 0.5), {"H": 7, "W": 9}) == (1, 7, 8, 0.5)
    assert factors(0.5, {}) == 0.5
    form = replace(PLAIN, times=(1.0, "H", "W - 1", "H"))
    assert (form.sizes, replace(PLAIN, times=2.0).sizes) == (("H", "W", "H"), ())
    assert (form.is_plain, PLAIN.is_plain) == (False, True)


@pytest.mark.parametrize(
    ("came", "wanted", "axes"),
    [
        (["N", "C", "H", "W"], ["N", "C", "H", "W"], ()),
        (["N", "H", "W", "C"], ["N", "C", "H", "W"], (0, 3, 1, 2)),
        ([4, "N"], ["N", 4], (1, 0)),
        (["...", 4, "N"], ["N", 4], (1, 0)),
        ([4, "N"], ["...", "N", 4], (1, 0)),
        ([3, "N"], ["N", "M"], (1, 0)),
        (["N", 3], ["N", "M"], ()),
        (["L", "N"], ["N", "M"], ()),
        ([3, 4, "N"], ["N", "M", "L"], ()),
        (["N"], ["N", 4], ()),
        (["N", "M"], ["N", 4], ()),
    ],
)
def test_axes_are_turned_where_they_are_the_same_ones(
    came: list[int | str], wanted: list[int | str], axes: tuple[int, ...]
) -> None:
    assert turned(came, wanted) == axes


def test_a_parameter_is_turned_without_the_axes_that_the_api_goes_through() -> None:
    core = load_core("nms")
    param = replace(load_api("torchvision/nms").params[0], shape=("B", 4, "N"), plus=1.0)
    assert form_of(param, core, ["B"]) == replace(PLAIN, axes=(1, 0), plus=1.0)
    assert form_of(param, core).axes == ()
    both = replace(param, fills=("boxes", "scores"))
    assert form_of(both, core, ["B"]).axes == ()
    unknown = replace(param, fills=("made_up",))
    assert form_of(unknown, core, ["B"]).axes == ()


@pytest.mark.parametrize(
    ("facts", "english", "chinese"),
    [
        ({}, "", ""),
        ({"shape": (4, "N")}, "axes (4, N)", "各轴为 (4, N)"),
        ({"times": 0.01}, "times 0.01", "乘以 0.01"),
        ({"plus": -1}, "plus -1", "加 -1"),
        (
            {"times": (1.0, "H", "W - 1", 2.5)},
            "times (1, H, W - 1, 2.5)",
            "乘以 (1, H, W - 1, 2.5)",
        ),
        ({"plus": (0.0, -1.0)}, "plus (0, -1)", "加 (0, -1)"),
        ({"order": (1, 0, 3, 2)}, "columns 1, 0, 3, 2", "取第 1, 0, 3, 2 列"),
        ({"layout": "xywh"}, "corner and size", "角点与尺寸"),
        ({"layout": "cxcywh"}, "centre and size", "中心与尺寸"),
        (
            {"times": 2.0, "plus": 1.0, "order": (0, 1), "layout": "xywh"},
            "times 2, plus 1, columns 0, 1, corner and size",
            "乘以 2，加 1，取第 0, 1 列，角点与尺寸",
        ),
    ],
)
def test_the_form_of_an_argument_in_words(
    facts: dict[str, Any], english: str, chinese: str
) -> None:
    param = replace(load_api("torchvision/nms").params[0], **facts)
    text = form_text(param, load_core("nms"))
    assert (text.en, text.zh) == (english, chinese)


@pytest.mark.parametrize(
    ("facts", "english", "chinese"),
    [
        ({}, "", ""),
        ({"rows_of": "dets"}, "rows of `dets`", "`dets` 的行"),
        ({"shape": ("K", "C")}, "axes (K, C)", "各轴为 (K, C)"),
        ({"times": 100}, "times 100", "乘以 100"),
        ({"plus": 1}, "plus 1", "加 1"),
        ({"fill": -1}, "filled up with -1", "以 -1 补齐"),
        ({"times": -1, "plus": 1, "fill": 0.5}, "times -1, plus 1, filled up with 0.5",
         "乘以 -1，加 1，以 0.5 补齐"),
    ],
)  # fmt: skip
def test_the_form_of_a_result_in_words(facts: dict[str, Any], english: str, chinese: str) -> None:
    text = result_text(replace(load_api("torchvision/nms").returns[0], **facts))
    assert (text.en, text.zh) == (english, chinese)


@pytest.mark.parametrize("axes", itertools.permutations(range(3)))
def test_axes_are_turned_back(axes: tuple[int, ...]) -> None:
    value = np.arange(24).reshape(2, 3, 4)
    found = unformed(value.tolist(), replace(PLAIN, axes=axes), {})
    np.testing.assert_array_equal(np.transpose(found, axes), value)


def test_columns_and_factors_are_undone_from_the_last_to_the_first() -> None:
    """A framework's row y, x, height, width from 1 on becomes the corners x1, y1, x2, y2."""
    form = replace(PLAIN, plus=-1.0, order=(1, 0, 3, 2), layout="xywh")
    assert unformed([BOX], form, {}) == [[3.0, 2.0, 9.0, 5.0]]
    form = replace(PLAIN, times=("H", "W - 1", 1, 2), order=(0, 1, 2, 3))
    assert unformed([[7.0, 8.0, 5.0, 10.0]], form, {"H": 7, "W": 9}) == [[1.0, 1.0, 5.0, 5.0]]
    assert unformed(50, replace(PLAIN, times=100, plus=10), {}) == 0.4
    assert unformed([[], []], replace(PLAIN, times=2.0), {}) == [[], []]
    assert unformed([], replace(PLAIN, times=2.0), {}) == []
    assert unformed([1.0], PLAIN, {}) == [1.0]
