"""Inputs of cases in the form that each API takes."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from opsbridge.tables.case_call import CaseCall, case_calls
from opsbridge.tables.case_inputs import fitted_inputs, neutral_inputs, with_axes
from opsbridge.tables.load import load_api, load_core
from opsbridge.tables.schema import Case, Expectation


def call_of(name: str, case_name: str) -> CaseCall:
    """The first call with which an API meets a case."""
    api = load_api(name)
    core = load_core(api.core)
    case = next(case for case in core.cases if case.name == case_name)
    return case_calls(api, core, case)[0]


def arguments(name: str, case_name: str) -> dict[str, Any]:
    return call_of(name, case_name).arguments


def test_boxes_come_in_the_layout_of_the_api() -> None:
    rows = {
        "torchvision.ops.nms": [0.0, 0.0, 10.0, 9.0],
        "tensorflow.image.non_max_suppression": [0.0, 0.0, 9.0, 10.0],
        "opencv.dnn.NMSBoxes": [0.0, 0.0, 10.0, 9.0],
    }
    for name, row in rows.items():
        found = arguments(name, "unsorted-scores")
        assert (found.get("boxes") or found["bboxes"])[1] == row
    batched = arguments("opencv.dnn.NMSBoxesBatched", "colliding-groups")
    assert batched["bboxes"] == [[-100.0, -100.0, 110.0, 110.0], [-111.0, -111.0, 110.0, 110.0]]


@pytest.mark.parametrize(
    ("number", "is_short"),
    [(1 / 1024, True), (1023 + 1023 / 1024, True), (1 / 2048, False), (1024.0, False)],
)
def test_numbers_that_a_sum_may_round_go_only_where_none_is_taken(
    number: float, is_short: bool
) -> None:
    core = load_core("nms")
    case = next(case for case in core.cases if case.name == "unsorted-scores")
    boxes = [[0.0, 0.0, number, number], *case.inputs["boxes"][1:]]
    case = replace(case, inputs={**case.inputs, "boxes": boxes})
    calls = {
        name: case_calls(load_api(name), core, case)
        for name in ("opencv.dnn.NMSBoxes", "tensorflow.image.non_max_suppression")
    }
    assert bool(calls["opencv.dnn.NMSBoxes"]) is is_short
    assert calls["tensorflow.image.non_max_suppression"]


def test_an_api_of_many_images_and_classes_gets_one() -> None:
    found = arguments("onnx.NonMaxSuppression", "unsorted-scores")
    assert found["scores"] == [[[0.25, 0.75, 0.5]]]
    assert (len(found["boxes"]), len(found["boxes"][0])) == (1, 3)
    found = arguments("tensorflow.image.combined_non_max_suppression", "unsorted-scores")
    assert found["scores"] == [[[0.25], [0.75], [0.5]]]
    assert found["boxes"][0][1] == [[0.0, 0.0, 9.0, 10.0]]


def test_bounds_that_must_be_given_bound_nothing() -> None:
    assert arguments("onnx.NonMaxSuppression", "unsorted-scores")["max_output_boxes_per_class"] == 3
    assert arguments("opencv.dnn.NMSBoxes", "unsorted-scores")["score_threshold"] == 0.0
    found = arguments("tensorflow.image.combined_non_max_suppression", "unsorted-scores")
    assert (found["max_output_size_per_class"], found["max_total_size"]) == (3, 3)


def test_images_of_regions_come_as_indices_or_counts() -> None:
    found = arguments("onnx.RoiAlign", "bins-of-one-and-a-half-pixels")
    assert (found["rois"], found["batch_indices"]) == ([[0.0, 0.0, 3.0, 1.0]], [0])
    found = arguments("paddle.vision.ops.roi_align", "bins-of-one-and-a-half-pixels")
    assert (found["boxes"], found["boxes_num"]) == ([[0.0, 0.0, 3.0, 1.0]], [1])


def test_boxes_are_of_one_group_where_groups_must_be_given() -> None:
    assert arguments("torchvision.ops.batched_nms", "unsorted-scores")["idxs"] == [0, 0, 0]
    assert "idxs" not in arguments("torchvision.ops.nms", "unsorted-scores")


def test_offsets_of_anchors_are_divided_by_one() -> None:
    found = arguments("paddle.vision.ops.box_coder", "half-a-side-apart")
    assert found["prior_box_var"] == [[1.0, 1.0, 1.0, 1.0]]


def test_an_expectation_has_inputs_of_its_own_shape() -> None:
    name = "half-a-side-apart"
    assert arguments("mindspore.ops.BoundingBoxDecode", name)["deltas"] == [[0.5, 0.0, 0.0, 0.0]]
    found = arguments("paddle.vision.box_coder_decode", name)
    assert found["target_box"] == [[[0.5, 0.0, 0.0, 0.0]]]


def test_runtimes_are_given_the_dtypes_that_they_have_kernels_for() -> None:
    assert call_of("onnx.RoiAlign", "scale-of-one-tenth").dtypes["X"] == "float64"
    core = load_core("roi_pool")
    case = next(case for case in core.cases if case.dtype == "float64")
    assert case_calls(load_api("onnx.MaxRoiPool"), core, case) == []


def test_a_case_in_which_a_deviation_does_nothing_is_shown() -> None:
    name = "tensorflow.image.non_max_suppression_padded"
    assert arguments(name, "overlap-of-one-half")["max_output_size"] == 2
    core, api = load_core("nms"), load_api(name)
    for case in core.cases:
        if "comparison" in case.axes and case.name != "overlap-of-one-half":
            assert case_calls(api, core, case) == []


def test_no_call_is_made_of_inputs_that_a_change_of_form_would_round() -> None:
    core, api = load_core("nms"), load_api("opencv.dnn.NMSBoxes")
    case = next(case for case in core.cases if case.name == "overlap-within-one-rounding")
    assert case_calls(api, core, case) == []


def test_a_number_outside_the_range_of_the_real_api_is_not_given() -> None:
    core, api = load_core("nms"), load_api("tensorflow.image.combined_non_max_suppression")
    cases = [case for case in core.cases if case.inputs["iou_threshold"] < 0]
    assert cases
    assert not any(case_calls(api, core, case) for case in cases)


def test_groups_of_the_input_are_listed_where_the_api_wants_a_list() -> None:
    core, api = load_core("nms"), load_api("paddle.vision.ops.nms")
    calls = [call for case in core.cases if "groups" in case.inputs
             for call in case_calls(api, core, case)]  # fmt: skip
    assert calls
    for call in calls:
        assert call.arguments["categories"] == sorted(set(call.arguments["category_idxs"]))
        assert "categories" not in call.dtypes


BOXES = [[0.0, 0.0, 4.0, 4.0], [1.0, 0.0, 4.0, 4.0]]


def neutral(name: str, inputs: dict[str, Any], **facts: Any) -> dict[str, Any]:
    """What an API is told that a case of these inputs leaves open."""
    api = load_api(name)
    params = tuple(replace(param, **facts) for param in api.params)
    return neutral_inputs(replace(api, params=params), Case("made", (), {}, inputs, ()))


def test_what_must_be_told_and_a_case_leaves_open() -> None:
    found = neutral("onnx.NonMaxSuppression", {"boxes": BOXES}, required=True)
    assert found == {"max_outputs": 2, "score_threshold": 0.0}
    found = neutral("onnx.NonMaxSuppression", {"boxes": BOXES}, required=False, converter="same")
    assert found == {}
    assert neutral("onnx.NonMaxSuppression", {"boxes": BOXES}) == {"max_outputs": 2}
    found = neutral("onnx.NonMaxSuppression", {"anchors": BOXES}, required=True)
    assert found == {"score_threshold": 0.0}
    found = neutral("paddle.vision.ops.box_coder", {"anchors": BOXES}, required=True)
    assert found == {"anchor_deviations": [[1.0] * 4] * 2}
    assert neutral("onnx.RoiAlign", {"rois": [[1.0, *BOXES[0]]]}) == {"batch_indices": [1]}
    assert neutral("onnx.RoiAlign", {"boxes": BOXES}) == {}


@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan])
def test_boxes_that_are_not_finite_are_of_no_group(number: float) -> None:
    for boxes, found in (
        (BOXES, {"groups": [0, 0]}),
        ([*BOXES, [0.0, 0.0, number, 1.0]], {}),
    ):
        assert neutral("torchvision.ops.batched_nms", {"boxes": boxes}) == found


def test_a_layout_that_the_case_is_about_is_left_alone() -> None:
    api, axes = load_api("torchvision.ops.nms"), {"layout": "yxyx"}
    turned = [[0.0, 0.0, 4.0, 4.0], [0.0, 1.0, 4.0, 4.0]]
    case = Case("made", (), {}, {"boxes": BOXES}, ())
    for about, setting, boxes in (
        (case, {}, turned),
        (replace(case, axes=("layout",)), {}, BOXES),
        (replace(case, base={"layout": "yxyx"}), {}, BOXES),
        (case, {"layout": "yxyx"}, BOXES),
        (replace(case, axes=("order",)), {"order": "given"}, turned),
    ):
        found = fitted_inputs(api, axes, about, Expectation(setting))
        assert found == {"boxes": boxes}
    assert fitted_inputs(api, {}, case, Expectation({})) == {"boxes": BOXES}


@pytest.mark.parametrize(
    ("value", "shape", "each", "nested"),
    [
        ([1, 2], ("N",), ("B",), [1, 2]),
        ([1, 2], ("B", "N"), ("B",), [[1, 2]]),
        ([1, 2], ("B", "1 or C", "N"), ("B", "C"), [[[1, 2]]]),
        ([1, 2], ("N", "C"), ("C",), [[1], [2]]),
        ([[1, 2], [3, 4]], ("N", "Q", 2), ("Q",), [[[1, 2]], [[3, 4]]]),
        ([1, 2], ("...", "N"), ("...",), [1, 2]),
        ([1, 2], ("...", "N", "C"), ("...", "C"), [[1], [2]]),
        (0.5, (), ("B",), 0.5),
        (0.5, ("B",), ("B",), [0.5]),
        (0.5, ("N",), ("B",), 0.5),
    ],
)
def test_one_image_and_one_class_have_axes_of_their_own(
    value: Any, shape: tuple[Any, ...], each: tuple[str, ...], nested: Any
) -> None:
    api = replace(load_api("torchvision.ops.nms"), each=each)
    assert with_axes(value, replace(api.params[0], shape=shape), api) == nested
