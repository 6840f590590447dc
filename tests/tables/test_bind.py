"""A plan says of every argument what it fills, and of every device and dtype which axes hold."""

from __future__ import annotations

import inspect
from dataclasses import replace

import pytest

from opsbridge.core import OPERATORS
from opsbridge.tables.bind import Plan, bind_plan
from opsbridge.tables.load import all_api_names, load_api, load_core
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
