"""The inputs of a case become the arguments that the API takes, and no more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opsbridge.tables.case_call import CaseCall, case_calls
from opsbridge.tables.load import all_api_names, load_api, load_core


def calls(name: str, case_name: str) -> list[CaseCall]:
    """The calls of an API for a case of its operator."""
    api = load_api(name)
    core = load_core(api.core)
    case = next(case for case in core.cases if case.name == case_name)
    return case_calls(api, core, case)


@pytest.mark.parametrize("name", all_api_names())
def test_every_api_shows_a_case_of_its_operator(name: str) -> None:
    api = load_api(name)
    core = load_core(api.core)
    assert any(case_calls(api, core, case) for case in core.cases)


def test_slots_are_joined_as_columns_and_defaults_stay_out() -> None:
    (call,) = calls("mindspore.ops.NMSWithMask", "equal-scores")
    assert call.arguments == {
        "bboxes": [
            [0.0, 0.0, 10.0, 10.0, 0.5],
            [0.0, 0.0, 10.0, 9.0, 0.5],
            [0.0, 0.0, 10.0, 8.0, 0.5],
        ]
    }
    assert call.axes["order"] == "bitonic"


def test_enumerated_values_that_meet_the_case_come_defaults_first() -> None:
    first, second = calls("mindspore.ops.ROIAlign", "region-below-one-pixel")
    assert "roi_end_mode" not in first.arguments
    assert (first.chosen, first.axes["end_offset"]) == ({}, 1)
    assert second.arguments["roi_end_mode"] == 0
    assert second.axes["end_offset"] == 0


def test_two_slots_of_one_parameter_are_a_pair() -> None:
    call = calls("torchvision.ops.roi_align", "bins-of-one-and-a-half-pixels")[0]
    assert call.arguments["output_size"] == (1, 2)
    assert "sampling_ratio" not in call.arguments  # -1 is the default


def test_entries_of_a_dictionary_are_together() -> None:
    call = calls("mmcv.ops.batched_nms", "colliding-groups")[0]
    assert call.arguments["nms_cfg"] == {"iou_threshold": 0.5}


def test_there_is_no_call_that_meets_no_expectation() -> None:
    assert calls("torchvision.ops.nms", "colliding-groups") == []


def test_an_optional_input_without_a_place_is_left_out_and_its_axis_says_so() -> None:
    (call,) = calls("torchvision.ops.nms", "groups-or-not")
    assert call.left_out == ("groups",)
    assert set(call.arguments) == {"boxes", "scores", "iou_threshold"}
    assert call.axes["group_rule"] == "ignored"
    assert call.expects.outputs["keep"] == [0]


def test_an_input_that_the_api_fixes_is_not_left_out() -> None:
    """torchvision has a limit of its own; a case with another one is no call of it."""
    assert calls("torchvision.ops.batched_nms", "groups-over-the-limit") == []


def test_a_table_of_some_calls_gives_the_arguments_that_make_them() -> None:
    call = calls("mmcv.batched.batched_soft_nms", "overlapping-boxes-of-two-groups")[0]
    assert call.arguments["nms_cfg"]["type"] == "soft_nms"


def test_indices_have_their_own_dtype_and_settings_are_tuples() -> None:
    crop = calls("mindspore.ops.CropAndResize", "between-pixels")[0]
    assert (crop.dtypes["x"], crop.dtypes["box_index"]) == ("float32", "int32")
    decode = calls("mindspore.ops.BoundingBoxDecode", "half-a-side-apart")[0]
    assert set(decode.dtypes) == {"anchor_box", "deltas"}
    assert "means" not in decode.arguments  # they are the defaults


def test_there_is_no_call_with_fractions_where_only_whole_numbers_go() -> None:
    assert calls("opencv.dnn.softNMSBoxes", "methods")
    assert calls("opencv.dnn.softNMSBoxes", "exponential-within-one-rounding") == []


def test_there_is_no_call_where_the_real_api_is_not_imitated() -> None:
    """MindSpore scrambles NaN scores; the case shows what opsbridge does instead."""
    core = load_core("nms")
    cases = [case for case in core.cases if "nan_score" in case.axes]
    assert cases
    api = load_api("mindspore.ops.NMSWithMask")
    assert not any(case_calls(api, core, case) for case in cases)


def test_a_limit_of_numbers_is_one_of_whole_boxes() -> None:
    found = calls("mmcv.ops.batched_nms", "groups-over-the-limit")
    assert {call.arguments["nms_cfg"]["split_thr"] for call in found} == {1}


def test_ids_of_groups_are_whole_numbers_of_the_widest_type_that_goes_in() -> None:
    api = load_api("torchvision.ops.batched_nms")
    (call,) = calls(api.name, "colliding-groups")
    assert call.dtypes == {"boxes": "float32", "scores": "float32", "idxs": "int64"}
    narrow = tuple(
        replace(param, dtypes=("int32",)) if param.name == "idxs" else param for param in api.params
    )
    (call,) = case_calls(replace(api, params=narrow), load_core("nms"), call.case)
    assert call.dtypes == {"boxes": "float32", "scores": "float32", "idxs": "int32"}


def test_the_values_of_the_axes_are_those_for_tensors_of_the_case_on_a_cpu() -> None:
    (call,) = calls("torchvision.ops.batched_nms", "overlap-of-one-fifteenth-single")
    assert (call.axes["accumulate"], call.axes["union"]) == ("float32", "separate")


def test_the_same_channel_is_no_type() -> None:
    """On the axes of types it is the dtype of the tensors, and on others a word like any."""
    (call,) = calls("detectron2.layers.ROIAlign", "one-channel-per-bin")
    assert (call.axes["channel_map"], call.axes["accumulate"]) == ("same", "float32")


def test_a_batch_of_rows_is_cut_to_its_columns() -> None:
    """Boxes in order have no column for the scores, and one more axis is no other width."""
    api = load_api("paddle.vision.nms_in_order")
    (call,) = calls(api.name, "overlap-of-one-half")
    boxes = replace(api.params[0], shape=("B", *api.params[0].shape))
    api = replace(api, each=("B",), params=(boxes, *api.params[1:]))
    (batch,) = case_calls(api, load_core("nms"), call.case)
    assert batch.arguments["boxes"] == [call.arguments["boxes"]]
