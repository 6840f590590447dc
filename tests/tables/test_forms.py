"""Inputs of cases in other forms: boxes as corner or centre and size, images as indices."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from opsbridge.tables.case_call import case_calls
from opsbridge.tables.case_inputs import fitted_inputs
from opsbridge.tables.forms import PLAIN, unformed
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
