"""The inputs of a case become the arguments that the API takes, and no more."""

from __future__ import annotations

from opsbridge.tables.case_call import CaseCall, case_calls
from opsbridge.tables.load import load_api, load_core


def calls(name: str, case_name: str) -> list[CaseCall]:
    """The calls of an API for a case of its operator."""
    api = load_api(name)
    core = load_core(api.core)
    case = next(case for case in core.cases if case.name == case_name)
    return case_calls(api, core, case)


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


def test_there_is_no_call_without_a_place_for_every_input() -> None:
    assert calls("torchvision.ops.nms", "colliding-groups") == []


def test_there_is_no_call_where_the_real_api_is_not_imitated() -> None:
    """MindSpore scrambles NaN scores; the case shows what opsbridge does instead."""
    core = load_core("nms")
    cases = [case for case in core.cases if "nan_score" in case.axes]
    assert cases
    api = load_api("mindspore.ops.NMSWithMask")
    assert not any(case_calls(api, core, case) for case in cases)
