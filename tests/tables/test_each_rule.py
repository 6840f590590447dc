"""Rules of tables that no edit of a shipped one shows: each finds its fault, and only there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pytest

from opsbridge.frameworks.numpy import NumpyLayer
from opsbridge.tables import lint, rules
from opsbridge.tables.convert import CONVERTERS
from opsbridge.tables.decode import show
from opsbridge.tables.finding import Finding
from opsbridge.tables.lint import told_apart
from opsbridge.tables.load import load_api, load_core
from opsbridge.tables.schema import (
    ApiTable,
    Behaviour,
    Case,
    Choice,
    Constant,
    Converter,
    Evidence,
    Expectation,
    Text,
)

NMS = load_api("torchvision/nms")
CORE = load_core("nms")
SLOTS = ", ".join(slot.name for slot in CORE.slots)
OUTPUTS = ", ".join(output.name for output in CORE.outputs)
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
    "optional with a default": (
        rules.required_or_default,
        with_param(required=False, optional=True, default=1.0),
        "params[0] is optional: can't be required or have a default",
    ),
    "neither required nor with a default": (
        rules.required_or_default,
        with_param(2, required=False),
        "params[2] needs required = true or a default",
    ),
    "required with a default": (
        rules.required_or_default,
        with_param(2, default=0.5),
        "params[2] is required and has a default; one of the two",
    ),
    "a name of no language": (
        rules.names_are_python,
        with_param(name="a b"),
        'params[0] has the name "a b"; expected one of Python',
    ),
    "an older name of no language": (
        rules.names_are_python,
        with_param(1, aliases=("old", "if")),
        'params[1] has the name "if"; expected one of Python',
    ),
    "a dictionary of no language": (
        rules.names_are_python,
        with_param(inside="a-b"),
        'params[0] has the name "a-b"; expected one of Python',
    ),
    "a class of no language": (
        rules.names_are_python,
        with_param(held_in="a.structures.1"),
        'params[0] has the name "1"; expected one of Python',
    ),
    "a result of no language": (
        rules.names_are_python,
        with_return(name=""),
        'returns has the name ""; expected one of Python',
    ),
    "an argument of no language": (
        rules.names_are_python,
        replace(NMS, real_arguments={"a b": 1}),
        'real_arguments has the name "a b"; expected one of Python',
    ),
    "an API of no language": (
        rules.names_are_python,
        replace(NMS, name="torchvision.in.nms"),
        'name has the name "in"; expected one of Python',
    ),
    "a real API of no language": (
        rules.names_are_python,
        replace(NMS, real="torchvision.1.nms"),
        'name has the name "1"; expected one of Python',
    ),
    "a schema of no language": (
        rules.names_are_python,
        replace(NMS, schema="onnx.defs.get schema"),
        'name has the name "get schema"; expected one of Python',
    ),
    "a result twice": (
        rules.unique_params,
        replace(NMS, returns=NMS.returns * 3),
        "returns use the name indices 3 times",
    ),
    "choices for another converter": (
        rules.choices_belong_to_choice,
        with_param(2, choices=(Choice(1, {"order": "given"}),)),
        "params[2].choices converter number can't have choices",
    ),
    "ends of no output": (
        rules.returns_name_outputs,
        with_return(ends="end"),
        f"returns[0].ends is end; outputs: {OUTPUTS}",
    ),
    "no output": (
        rules.returns_name_outputs,
        with_return(output=""),
        f"returns[0].output is ; outputs: {OUTPUTS}",
    ),
    "a constructor's argument of a function": (
        rules.stage_fits_form,
        with_param(1, stage="init"),
        "params[1].stage is init; a function has only call",
    ),
    "an axis that a choice sets": (
        rules.axes_decided,
        with_param(2, converter="choice", fills=(), choices=(Choice(1, {"order": "given"}),)),
        "behaviour sets order, which is set by a choice",
    ),
    "a value of no axis in a choice": (
        rules.axes_exist,
        with_param(2, choices=(Choice(1, {"order": "given"}), Choice(2, {"order": "any"}))),
        'params[2].choices[1].set.order is "any"; allowed: stable, introsort, bitonic, given',
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


@pytest.mark.parametrize(
    "key", ["at_most", "padded_to", "padded_if", "bounded_if", "clipped_if", "among"]
)
def test_what_bounds_a_result_is_a_parameter(key: str) -> None:
    assert list(rules.returns_name_params(with_return(**{key: "scores"}), CORE)) == []
    assert list(rules.returns_name_params(with_return(**{key: "limit"}), CORE)) == [
        Finding(f"returns[0].{key}", "is limit; parameters: boxes, scores, iou_threshold")
    ]


@pytest.mark.parametrize(
    ("kinds", "sound", "wrong"),
    [
        (("float",), [0.5], [1, True, "a", (0.5,)]),
        (("number",), [0.5, 1], [True, "a"]),
        (("single",), [], [0.5, 1]),
        (("int",), [1], [0.5, True]),
        (("integer",), [1], [0.5, True]),
        (("bool",), [True], [1, 0.5]),
        (("int_pair",), [1], [0.5, True]),
        (("number_pair",), [1, 0.5], [True]),
        (("float_tuple",), [(0.5, 1.0)], [0.5]),
        (("string",), ["a"], [1]),
        (("holder",), [], [1, "a"]),
        (("tensor", "integer"), [1], [0.5]),
        (("bool", "float"), [True, 0.5], [1]),
    ],
)
def test_a_default_is_of_a_type_that_the_parameter_takes(
    kinds: tuple[Any, ...], sound: list[Any], wrong: list[Any]
) -> None:
    for default in sound:
        assert list(rules.default_has_type(with_param(2, types=kinds, default=default), CORE)) == []
    for default in wrong:
        table = with_param(2, types=kinds, default=default)
        (found,) = rules.default_has_type(table, CORE)
        assert found.key == "params[2].default"
        assert found.message == f"is {show(default)}; the types are: {', '.join(kinds)}"


@pytest.mark.parametrize("converter", [each for each in get_args(Converter) if each != "columns"])
def test_a_converter_fills_as_many_slots_as_its_results(converter: str) -> None:
    """What a converter gives for a value that it takes, which is no slot for those without one."""
    values = {"number_pair": (1, 2), "pair": 3, "floats": (1.0,), "ids": np.zeros(1, np.int32)}
    layer = NumpyLayer()
    count = 0
    if converter != "choice":
        param = replace(NMS.params[2], fills=("first", "second"))
        count = len(CONVERTERS[converter](values.get(converter, 1), param, layer))
    for fills in ((), ("boxes",), ("boxes", "scores")):
        table = with_param(2, converter=converter, fills=fills)
        said = f"has {len(fills)} slots; converter {converter} fills {count}"
        found = [] if len(fills) == count else [Finding("params[2].fills", said)]
        assert list(rules.converter_fits_slots(table, CORE)) == found


def test_columns_fill_as_many_slots_as_there_are_ranges() -> None:
    table = with_param(converter="columns", columns=((0, 2), (2, 4)))
    (found,) = rules.converter_fits_slots(table, CORE)
    assert found.message == "has 1 slots; converter columns fills 2"


def said(findings: Iterable[Finding]) -> list[str]:
    """What is found, a line each."""
    return [f"{each.key} {each.message}" for each in findings]


IMPORTS = "example does not import nms from opsbridge.torchvision"
ENDS = "example ends without an output"


@pytest.mark.parametrize(
    ("example", "found"),
    [
        (">>> from opsbridge.torchvision.ops import nms\n>>> 1\n1\n", []),
        ("\n>>> from opsbridge.torchvision.ops import nms\n>>> 1\n1\n\n", []),
        ("", [IMPORTS, ENDS]),
        (">>> from opsbridge.torchvision.ops import box\n>>> import nms\n1", [IMPORTS]),
        (">>> from opsbridge.mindspore.ops import nms\n>>> 1\n1", [IMPORTS]),
        (">>> from opsbridge.torchvision.ops import nms", [ENDS]),
        (">>> from opsbridge.torchvision.ops import nms\n... 1", [ENDS]),
    ],
)
def test_an_example_imports_the_api_in_one_line_and_shows_a_result(
    example: str, found: list[str]
) -> None:
    assert said(lint.example_present(replace(NMS, example=example))) == found


@pytest.mark.parametrize(
    ("dtypes", "is_narrow"),
    [
        (("float32",), True),
        ((), True),
        (("float16", "float32", "float64"), False),
        (("int32",), False),
    ],
)
def test_a_device_takes_some_dtypes_and_not_all(dtypes: tuple[Any, ...], is_narrow: bool) -> None:
    table = with_param(1, dtypes_on={"cuda": dtypes})
    wanted = [] if is_narrow else ["params[1].dtypes_on.cuda does not narrow dtypes"]
    assert said(lint.devices_narrow(table)) == wanted


def on(device: Any, *dtypes: Any) -> Behaviour:
    return Behaviour(SEEN, {"order": "given"}, device=device, dtypes=dtypes)


@pytest.mark.parametrize(
    ("blocks", "found"),
    [
        ([], []),
        ([on(None, "float32")], []),
        ([on("cpu", "float32")], ["behaviour on cpu lacks that of float64"]),
        ([on("cpu", "float32"), on("cpu", "float64")], []),
        ([on("cpu", "float16")], []),
        ([on("cuda", "float32")], ["behaviour on cuda lacks that of float16, float64"]),
        (
            [on("cuda", "float32"), on("cpu", "float64")],
            [
                "behaviour on cpu lacks that of float32",
                "behaviour on cuda lacks that of float16, float64",
            ],
        ),
    ],
)
def test_behaviour_of_some_dtypes_on_a_device_is_that_of_all(
    blocks: list[Behaviour], found: list[str]
) -> None:
    assert said(lint.dtypes_are_covered(replace(NMS, behaviour=tuple(blocks)))) == found
    assert said(lint.dtypes_are_covered(replace(NMS, behaviour=tuple(blocks), params=()))) == []


@pytest.mark.parametrize(
    ("ids", "found"),
    [
        (["a", "a-b-2", "2"], []),
        (["a", "b", "a", "a"], ["deviations use the id a 3 times"]),
        *(
            ([wrong], [f"deviations have the id {wrong}; expected words-joined-by-hyphens"])
            for wrong in ("A", "a_b", "a--b", "-a", "a-", "", "a b", "é")
        ),
    ],
)
def test_deviations_have_ids_of_their_own_in_small_letters(
    ids: list[str], found: list[str]
) -> None:
    deviations = tuple(replace(NMS.deviations[0], id=each) for each in ids)
    assert said(lint.deviation_ids(replace(NMS, deviations=deviations))) == found


TEXT = Text("A sentence.", "一句话。")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (TEXT, []),
        (Text("", "  "), ["text.en is empty", "text.zh is empty"]),
        *(
            (Text(f"a {char} b", "一"), ["text.en has Chinese characters"])
            for char in "\u3400\u9fff\uff00\uffef\u3000\u303f"
        ),
        *((Text(f"a {char} b", "一"), []) for char in "\u33ff\ua000\ufeff\ufff0\u2fff\u00e9"),
    ],
)
def test_texts_are_in_their_languages(text: Text, found: list[str]) -> None:
    assert said(lint.texts_present(replace(NMS, text=text))) == found


@pytest.mark.parametrize(
    ("evidence", "missing"),
    [
        (Evidence("probed", version="1", platform="cpu"), []),
        (Evidence("probed"), ["version", "platform"]),
        (Evidence("documented", link="https://a.b", date="2026-11-29"), []),
        (Evidence("documented"), ["link", "date"]),
        (Evidence("assumed", note="made up"), []),
        (Evidence("assumed"), ["note"]),
    ],
)
def test_evidence_of_each_kind_says_enough(evidence: Evidence, missing: list[str]) -> None:
    table = replace(NMS, behaviour=(replace(NMS.behaviour[0], evidence=evidence),))
    assert said(lint.evidence_given(table)) == [
        f"behaviour[0].evidence.{name} is missing; evidence is {evidence.kind}" for name in missing
    ]


@pytest.mark.parametrize("date", ["soon", "2026-11-29 ", "26-11-29", "2026-11-290", "29.11.2026"])
def test_a_date_is_written_as_in_the_standard(date: str) -> None:
    evidence = Evidence("probed", version="1", platform="cpu", date=date)
    table = replace(NMS, behaviour=(replace(NMS.behaviour[0], evidence=evidence),))
    assert said(lint.evidence_given(table)) == [
        f"behaviour[0].evidence.date is {date}; expected year-month-day"
    ]
