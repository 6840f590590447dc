"""A plan says of every argument what it fills, and of every device and dtype which axes hold."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from opsbridge.core import OPERATORS
from opsbridge.errors import DtypeError
from opsbridge.mmcv.ops import nms
from opsbridge.tables.bind import Plan, Step, bind_plan
from opsbridge.tables.convert import CONVERTERS
from opsbridge.tables.forms import PLAIN
from opsbridge.tables.load import all_api_names, load_api, load_core
from opsbridge.tables.options import fold
from opsbridge.tables.schema import Behaviour, Evidence

PLANS = {name: bind_plan(load_api(name)) for name in all_api_names()}
EMPTY = inspect.Parameter.empty


def test_a_function_has_one_stage() -> None:
    plan = PLANS["torchvision.ops.nms"]
    assert plan.name == "nms"
    assert plan.init == ()
    assert [step.param.name for step in plan.call] == ["boxes", "scores", "iou_threshold"]
    assert [step.takes_tensor for step in plan.call] == [True, True, False]
    assert plan.outputs == (("keep", "int64"),)
    assert plan.columns == {}


def test_a_class_has_two() -> None:
    plan = PLANS["mindspore.ops.NMSWithMask"]
    assert [step.param.name for step in plan.init] == ["iou_threshold"]
    assert [step.param.name for step in plan.call] == ["bboxes"]
    assert [name for name, _ in plan.outputs] == [
        *("sorted_boxes", "sorted_positions", "sorted_keep_mask"),
    ]


def test_messages_can_name_what_the_user_gave() -> None:
    plan = PLANS["mindspore.ops.NMSWithMask"]
    assert plan.arguments == {
        "iou_threshold": "iou_threshold",
        "boxes": "bboxes",
        "scores": "bboxes",
    }
    assert plan.columns == {"boxes": 0, "scores": 4}
    assert PLANS["torchvision.ops.roi_align"].arguments["pooled_width"] == "output_size"


def test_signatures_have_the_defaults_and_kinds_of_the_table() -> None:
    signature = PLANS["torchvision.ops.roi_align"].signature("call")
    assert str(signature) == (
        "(input, boxes, output_size, spatial_scale=1.0, sampling_ratio=-1, aligned=False)"
    )
    assert signature.parameters["input"].default is EMPTY
    mindspore = PLANS["mindspore.ops.ROIAlign"]
    assert str(mindspore.signature("init")) == (
        "(pooled_height, pooled_width, spatial_scale, sample_num=2, roi_end_mode=1)"
    )
    assert str(mindspore.signature("call")) == "(features, rois, /)"


@pytest.mark.parametrize("name", PLANS)
def test_arguments_fill_every_slot_that_is_not_optional(name: str) -> None:
    plan = PLANS[name]
    slots = load_core(plan.api.core).slots
    filled = [slot for step in plan.init + plan.call for slot in step.param.fills]
    filled += [constant.slot for constant in plan.api.constants if constant.device is None]
    assert len(filled) == len(set(filled))
    assert {slot.name for slot in slots if not slot.optional} <= set(filled)
    assert set(filled) <= {slot.name for slot in slots}


@pytest.mark.parametrize("device", ["cpu", "cuda"])
@pytest.mark.parametrize("name", PLANS)
def test_axes_and_choices_make_a_rule(name: str, device: str) -> None:
    plan = PLANS[name]
    for dtype in ("float16", "float32", "float64"):
        axes = plan.axes(device, dtype)
        for step in plan.init + plan.call:
            for choice in step.param.choices:
                rule = OPERATORS[plan.api.core].rule(**axes | choice.set)
                assert all(getattr(rule, axis) == value for axis, value in choice.set.items())
        OPERATORS[plan.api.core].rule(**axes)


def layered() -> Plan:
    """A plan whose axes depend on device and dtype."""
    evidence = Evidence("assumed")
    api = load_api("torchvision.ops.nms")
    behaviour = (
        Behaviour(evidence, {"comparison": "greater", "accumulate": "same"}),
        Behaviour(evidence, {"accumulate": "float32"}, device="cuda"),
        Behaviour(evidence, {"accumulate": "float64"}, device="cuda", dtypes=("float64",)),
        Behaviour(evidence, {"comparison": "multiplied"}, dtypes=("float16",)),
    )
    return bind_plan(replace(api, behaviour=behaviour))


@pytest.mark.parametrize(
    ("device", "dtype", "accumulate", "comparison"),
    [
        ("cpu", "float32", "same", "greater"),
        ("cpu", "float16", "same", "multiplied"),
        ("cuda", "float32", "float32", "greater"),
        ("cuda", "float64", "float64", "greater"),
        ("cuda", "float16", "float32", "multiplied"),
    ],
)
def test_a_later_behaviour_overrides_for_its_device_and_dtypes(
    device: str, dtype: str, accumulate: str, comparison: str
) -> None:
    assert layered().axes(device, dtype) == {"accumulate": accumulate, "comparison": comparison}


def test_a_plan_is_a_value() -> None:
    plan = PLANS["torchvision.ops.nms"]
    assert bind_plan(plan.api) == plan
    with pytest.raises(AttributeError):
        plan.name = "other"  # type: ignore[misc]


@pytest.mark.parametrize("name", PLANS)
def test_a_step_takes_what_its_parameter_does(name: str) -> None:
    for step in (*PLANS[name].init, *PLANS[name].call):
        types = step.param.types
        takes = (step.takes_tensor, step.takes_list, step.takes_rows, step.takes_single,
                 step.takes_holder)  # fmt: skip
        kinds = ("tensor", "tensor_list", "rows", "single", "holder")
        assert takes == tuple(kind in types for kind in kinds)


def step_of(**facts: Any) -> Step:
    """The step of a threshold with other facts about it."""
    api = load_api("torchvision.ops.nms")
    return bind_plan(replace(api, params=(*api.params[:2], replace(api.params[2], **facts)))).call[
        2
    ]


@pytest.mark.parametrize(
    ("facts", "types", "slot"),
    [
        ({}, {float}, "iou_threshold"),
        ({"types": ("float",)}, {float}, "iou_threshold"),
        ({"types": ("integer", "bool", "single")}, {int, bool}, "iou_threshold"),
        ({"types": ("tensor",), "converter": "same"}, set(), "iou_threshold"),
        ({"types": ("int",), "converter": "integer"}, {int}, "iou_threshold"),
        ({"converter": "float32_number"}, {float}, ""),
        ({"types": ("int",), "converter": "count"}, {int}, ""),
        ({"minimum": 0.0}, set(), "iou_threshold"),
        ({"maximum": 1.0}, set(), "iou_threshold"),
        ({"above": 0.0}, set(), "iou_threshold"),
        ({"times": 0.01}, set(), "iou_threshold"),
        ({"plus": 1.0}, set(), "iou_threshold"),
    ],
)
def test_plain_values_need_no_check_and_fill_their_slot_as_they_are(
    facts: dict[str, Any], types: set[type], slot: str
) -> None:
    step = step_of(**facts)
    assert (step.plain_types, step.slot) == (types, slot)


def test_a_choice_has_no_converter_and_names_its_axes() -> None:
    plan = PLANS["torchvision.ops.roi_align"]
    steps = {step.param.name: step for step in plan.call}
    assert (steps["aligned"].convert, steps["aligned"].slot) == (None, "")
    assert steps["output_size"].convert is CONVERTERS["pair"]
    assert plan.arguments == {
        "half_pixel": "aligned",
        "end_offset": "aligned",
        "min_size": "aligned",
        "features": "input",
        "rois": "boxes",
        "pooled_height": "output_size",
        "pooled_width": "output_size",
        "spatial_scale": "spatial_scale",
        "sampling_ratio": "sampling_ratio",
    }


def test_a_step_knows_the_form_without_the_axes_that_the_api_goes_through() -> None:
    api = load_api("torchvision.ops.nms")
    boxes = replace(api.params[0], shape=("B", 4, "N"), plus=-1.0)
    plan = bind_plan(replace(api, each=("B",), params=(boxes, *api.params[1:])))
    assert plan.call[0].form == replace(PLAIN, axes=(1, 0), plus=-1.0)
    assert plan.call[1].form == PLAIN


def test_errors_are_by_argument_and_check() -> None:
    plan = PLANS["torchvision.ops.nms"]
    checks = ("type", "dtype", "rank", "shape", "value")
    assert plan.errors == {
        "": dict.fromkeys(checks, "RuntimeError"),
        "boxes": {"type": "AttributeError"},
    }


@pytest.mark.parametrize(
    ("name", "aliases", "parts", "entries", "extensions"),
    [
        ("torchvision.ops.nms", {}, False, False, False),
        ("torchvision.ops.batched_nms", {}, False, False, True),
        ("mmcv.ops.nms", {"iou_thr": "iou_threshold"}, False, False, False),
        ("mmcv.ops.nms_match", {}, True, False, False),
        ("mmcv.ops.batched_nms", {}, False, True, False),
    ],
)
def test_a_plan_says_what_is_uncommon_in_its_table(
    name: str, aliases: dict[str, str], parts: bool, entries: bool, extensions: bool
) -> None:
    plan = PLANS[name]
    found = (plan.aliases, plan.has_parts, plan.has_entries, plan.has_extensions)
    assert found == (aliases, parts, entries, extensions)


def test_constants_are_those_of_a_device() -> None:
    plan = PLANS["torchvision.ops.batched_nms"]
    limits = {device: plan.constants(device) for device in ("cpu", "cuda")}
    assert limits == {"cpu": {"shift_limit": 4000}, "cuda": {"shift_limit": 100000}}
    assert PLANS["paddle.vision.ops.RoIAlign"].constants("cuda") == {"sampling_ratio": -1}


def test_results_in_parts_come_as_a_list() -> None:
    plan = PLANS["mmcv.ops.nms_match"]
    assert plan.outputs == (("matched", "int64"), ("match_ends", "int64"))
    found = plan.returned((np.array([5, 6, 7, 8]), np.array([1, 1, 4])))
    assert [part.tolist() for part in found] == [[5], [], [6, 7, 8]]
    mask = PLANS["mindspore.ops.NMSWithMask"]
    assert mask.returned((1, 2, 3)) == (1, 2, 3)
    assert PLANS["torchvision.ops.nms"].returned((1,)) == 1
    both = replace(plan.api, returns=(*plan.api.returns, replace(plan.api.returns[0], ends="")))
    flat, ends = np.array([5, 6]), np.array([2])
    parts, whole = bind_plan(both).returned((flat, ends, flat))
    assert ([part.tolist() for part in parts], whole.tolist()) == ([[5, 6]], [5, 6])


def test_a_dictionary_comes_apart_only_where_there_is_one() -> None:
    plan = PLANS["mmcv.ops.batched_nms"]
    values = plan.unfolded(tuple(
        {"iou_threshold": 0.25} if param.name == "nms_cfg" else param.name
        for param in fold(step.param for step in plan.call)
    ))  # fmt: skip
    named = dict(zip((step.param.name for step in plan.call), values, strict=True))
    assert (named["boxes"], named["iou_threshold"]) == ("boxes", 0.25)
    assert PLANS["torchvision.ops.nms"].unfolded((1, 2, 3)) == (1, 2, 3)


def test_an_older_name_is_said_to_be_deprecated_where_it_stands() -> None:
    boxes, scores = np.zeros((1, 4), np.float32), np.zeros(1, np.float32)
    said = "^nms: iou_thr is deprecated; use iou_threshold$"
    with pytest.warns(DeprecationWarning, match=said) as caught:
        nms(boxes, scores, iou_thr=0.5)
    (warning,) = caught
    assert warning.filename == __file__
    with pytest.raises(DtypeError) as error:
        nms(boxes, scores, iou_thr=0.5, iou_threshold=0.5)
    assert str(error.value) == ("nms: iou_thr is an older name of iou_threshold; give one of them")
