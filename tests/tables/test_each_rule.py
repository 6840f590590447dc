"""Rules of tables that no edit of a shipped one shows: each finds its fault, and only there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from opsbridge.tables import rules
from opsbridge.tables.finding import Finding
from opsbridge.tables.lint import told_apart
from opsbridge.tables.load import load_api, load_core
from opsbridge.tables.schema import ApiTable, Case, Constant, Evidence, Expectation

NMS = load_api("torchvision/nms")
CORE = load_core("nms")
SLOTS = ", ".join(slot.name for slot in CORE.slots)
SEEN = Evidence("probed", version="1", platform="cpu")


def with_param(index: int = 0, **changes: Any) -> ApiTable:
    """The table with something else about one parameter."""
    params = list(NMS.params)
    params[index] = replace(params[index], **changes)
    return replace(NMS, params=tuple(params))


def with_return(**changes: Any) -> ApiTable:
    """The table with something else about its result."""
    return replace(NMS, returns=(replace(NMS.returns[0], **changes),))


FAULTS: dict[str, tuple[Callable[..., Any], ApiTable, str]] = {
    "a constant for no slot": (
        rules.fills_name_slots,
        replace(NMS, constants=(Constant("bound", 1, SEEN),)),
        f"constants[0].slot is bound; slots: {SLOTS}",
    ),
    "optional and required": (
        rules.required_or_default,
        with_param(optional=True),
        "params[0] is optional: can't be required or have a default",
    ),
    "scores for ids": (
        rules.ids_fill_groups,
        with_param(1, converter="ids"),
        "params[1].fills has scores; converter ids fills groups",
    ),
    "columns for another converter": (
        rules.columns_fit_shape,
        with_param(columns=((0, 4),)),
        "params[0].columns converter same can't have columns",
    ),
    "too few factors": (
        rules.forms_fit_shape,
        with_param(times=(1.0, 2.0)),
        "params[0].times has 2 values; shape ends in 4",
    ),
    "a column twice": (
        rules.forms_fit_shape,
        with_param(order=(0, 1, 1, 3)),
        "params[0].order must name each column once, from 0 on",
    ),
    "the length of no axis": (
        rules.forms_fit_shape,
        with_param(times=(1.0, "W", 1.0, "N - 1")),
        "params[0].times has W; axes of shapes: 4, N",
    ),
    "a length that is added": (
        rules.forms_fit_shape,
        with_param(plus=("N", 0.0, 0.0, 0.0)),
        "params[0].plus must be numbers",
    ),
    "a layout of one column": (
        rules.forms_fit_shape,
        with_param(1, layout="xywh"),
        "params[1].layout needs four columns; shape ends in N",
    ),
    "nothing returned": (
        rules.returns_name_outputs,
        replace(NMS, returns=()),
        "returns are missing; an API returns at least one output",
    ),
    "a bound by no parameter": (
        rules.returns_name_params,
        with_return(at_most="limit"),
        "returns[0].at_most is limit; parameters: boxes, scores, iou_threshold",
    ),
    "rows of a number": (
        rules.returns_name_params,
        with_return(rows_of="iou_threshold"),
        "returns[0].rows_of is iou_threshold; tensors: boxes, scores",
    ),
    "axes of another result": (
        rules.returns_name_params,
        with_return(shape=("N", "C")),
        "returns[0].shape must have the axes M",
    ),
    "filled up to nowhere": (
        rules.returns_name_params,
        with_return(fill=-1),
        "returns[0].fill needs padded_to",
    ),
    "places on an axis of one": (
        rules.returns_name_params,
        with_return(axis="B"),
        "returns[0].axis is B; each: ",
    ),
    "through an axis of no tensor": (
        rules.each_names_sizes,
        replace(NMS, each=("B",)),
        "each has B, which is in no shape",
    ),
    "merged without being gone through": (
        rules.each_names_sizes,
        replace(NMS, merged=("B",)),
        "merged has B; each: ",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_rule_finds_its_fault_alone(name: str) -> None:
    rule, table, said = FAULTS[name]
    assert list(rule(NMS, CORE)) == []
    found: list[Finding] = list(rule(table, CORE))
    assert [f"{each.key} {each.message}" for each in found] == [said]


@pytest.mark.parametrize(
    ("columns", "is_sound"),
    [
        (((0, 4),), True),
        (((0, 3), (3, 4)), True),
        ((), False),
        (((0, 3), (3, 3)), False),
        (((0, 3), (4, 3)), False),
        (((-1, 3), (3, 4)), False),
        (((0, 3), (3, 5)), False),
    ],
)
def test_columns_are_ranges_within_the_width(columns: tuple[Any, ...], is_sound: bool) -> None:
    table = with_param(converter="columns", columns=columns)
    found = [f"{each.key} {each.message}" for each in rules.columns_fit_shape(table, CORE)]
    said = "params[0].columns must be ranges start < end within [0, 4]"
    assert found == ([] if is_sound else [said])


def test_values_are_told_apart_only_by_expectations_that_have_the_axis() -> None:
    def expected(keep: int, **axes: Any) -> Expectation:
        return Expectation(axes, {"keep": [keep]})

    case = Case(
        "made", ("order",), {}, {},
        (expected(0, order="stable"), expected(1, box_offset=1), expected(2, order="given")),
    )  # fmt: skip
    assert list(told_apart(case, "order")) == [("stable", "given")]
