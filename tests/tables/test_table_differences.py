"""Differences are computed from the tables: an edit of a table changes them as it should."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
from editing import Edit

from opsbridge.errors import TableError
from opsbridge.tables.diff import differences
from opsbridge.tables.difference import SEVERITY, Code, Difference, headline, plain
from opsbridge.tables.load import all_api_names, load_api, load_core
from opsbridge.tables.pairing import common_dtypes, contexts
from opsbridge.tables.schema import ApiTable, Behaviour

NMS = "torchvision/nms.toml"
MASK = "mindspore/NMSWithMask.toml"
ROI = "mindspore/ROIAlign.toml"
MAX_OUTPUTS = """
[[params]]
name = "limit"
stage = "init"
types = ["int"]
converter = "same"
fills = ["max_outputs"]
"""


def compare(left: str, right: str, root: Path | None = None) -> list[Difference]:
    first, second = load_api(left, root), load_api(right, root)
    return differences(first, second, load_core(first.core, root))


def about(found: list[Difference], *names: str) -> dict[tuple[str, str], Difference]:
    """The differences about some slots or axes, by code and detail."""
    return {(item.code, item.detail): item for item in found if item.names == names}


def test_the_severities_cover_the_codes() -> None:
    assert set(SEVERITY) == set(get_args(Code))


def test_codes_come_from_the_least_to_the_worst() -> None:
    ranks = [SEVERITY[code] for code in get_args(Code)]
    assert ranks == sorted(ranks)
    assert set(ranks) == set(range(10))


@pytest.mark.parametrize(
    ("there", "back"), [("packed", "split"), ("default-added", "default-removed")]
)
def test_a_difference_and_its_way_back_weigh_the_same(there: Code, back: Code) -> None:
    assert SEVERITY[there] == SEVERITY[back]


@pytest.mark.parametrize("name", all_api_names())
def test_an_api_equals_itself(name: str) -> None:
    assert {item.code for item in compare(name, name)} == {"same"}


def test_packed_inputs_and_their_way_back() -> None:
    there = about(compare("torchvision/nms", "mindspore/NMSWithMask"), "boxes", "scores")
    assert set(there) == {
        ("packed", ""),
        ("moved", "input"),
        ("moved", "positional"),
        ("type-differs", "dtypes"),
    }
    assert there["packed", ""].left == "[boxes, scores]"
    assert there["type-differs", "dtypes"].action == "bridged"
    back = about(compare("mindspore/NMSWithMask", "torchvision/nms"), "boxes", "scores")
    assert set(back) == {("split", ""), ("moved", "function"), ("type-differs", "dtypes")}
    assert back["type-differs", "dtypes"].action == "none"


def test_defaults_added_removed_and_different() -> None:
    there = compare("torchvision/roi_align", "mindspore/ROIAlign")
    assert ("default-removed", "") in about(there, "spatial_scale")
    different = about(there, "sampling_ratio")["default-differs", ""]
    assert (different.facts["left"].en, different.facts["right"].en) == ("-1", "2")
    back = compare("mindspore/ROIAlign", "torchvision/roi_align")
    assert about(back, "spatial_scale")["default-added", ""].action == "none"


def test_equal_defaults_are_no_difference(tables: Path, edit: Edit) -> None:
    edit(ROI, "default = 2", "default = -1")
    found = compare("torchvision/roi_align", "mindspore/ROIAlign", tables)
    assert ("default-differs", "") not in about(found, "sampling_ratio")


def test_enumerated_values_are_paired_by_their_axes(tables: Path, edit: Edit) -> None:
    axes = ("half_pixel", "end_offset", "min_size")
    found = about(compare("torchvision/roi_align", "mindspore/ROIAlign"), *axes)
    facts = found["values-differ", ""].facts
    assert facts["equal"].en == "False = 0"
    assert (facts["left_only"].en, facts["right_only"].en) == ("True", "1")
    assert ("default-differs", "") in found

    edit(ROI, "half_pixel = 0.0, end_offset = 1", "half_pixel = 0.5, end_offset = 0")
    found = about(compare("torchvision/roi_align", "mindspore/ROIAlign", tables), *axes)
    assert ("values-differ", "") not in found
    assert found["type-differs", "values"].facts["equal"].en == "False = 0, True = 1"
    assert ("default-differs", "") in found


def test_position_within_one_stage(tables: Path, edit: Edit) -> None:
    found = compare("torchvision/RoIAlign", "mindspore/ROIAlign")
    assert about(found, "sampling_ratio")["moved", "position"].facts["right"].en == "4"


@pytest.mark.parametrize(
    ("default", "detail", "action"),
    [("default = 10", "optional", "none"), ("required = true", "required", "bridged")],
)
def test_a_parameter_of_one_side_only(
    tables: Path, edit: Edit, default: str, detail: str, action: str
) -> None:
    edit(MASK, "[[returns]]", f"{MAX_OUTPUTS}{default}\n\n[[returns]]")
    there = about(compare("torchvision/nms", "mindspore/NMSWithMask", tables), "max_outputs")
    assert there["extra", detail].action == action
    assert (there["extra", detail].left, there["extra", detail].right) == ("-", "limit")
    back = about(compare("mindspore/NMSWithMask", "torchvision/nms", tables), "max_outputs")
    assert set(back) == {("missing", "")}


def test_dtypes_that_one_side_does_not_tell_are_unknown(tables: Path, edit: Edit) -> None:
    edit(MASK, 'dtypes = ["float16", "float32"]\n', "")
    found = about(compare("torchvision/nms", "mindspore/NMSWithMask", tables), "boxes", "scores")
    unknown = found["unknown", "dtypes"]
    facts = {name: text.en for name, text in unknown.facts.items()}
    assert facts == {"side": "mindspore.ops.NMSWithMask", "known": "float16, float32, float64"}
    assert unknown.action == "by hand"
    back = compare("mindspore/NMSWithMask", "torchvision/nms", tables)
    assert about(back, "boxes", "scores")["unknown", "dtypes"].facts == unknown.facts


def test_an_api_without_a_tensor_shares_no_dtype() -> None:
    api = load_api("torchvision/nms")
    assert common_dtypes(api, replace(api, params=())) == []
    assert common_dtypes(api, api) == sorted(api.params[0].dtypes)


def test_outputs_differ_in_what_they_refer_to() -> None:
    found = compare("torchvision/nms", "mindspore/NMSWithMask")
    details = [item.detail for item in found if item.code == "output-differs"]
    assert details == ["missing", "extra", "extra", "extra", "meaning"]


def test_output_dtype(tables: Path, edit: Edit) -> None:
    edit("torchvision/RoIAlign.toml", 'dtype = "same"', 'dtype = "float64"')
    found = about(compare("torchvision/RoIAlign", "mindspore/ROIAlign", tables), "pooled")
    assert found["output-differs", "dtype"].facts["left"].en == "float64"


def test_behaviour_follows_the_tables(tables: Path, edit: Edit) -> None:
    assert ("behaviour-differs", "") in about(
        compare("torchvision/nms", "mindspore/NMSWithMask"), "order"
    )
    edit(MASK, 'order = "bitonic"', 'order = "stable"')
    assert not about(compare("torchvision/nms", "mindspore/NMSWithMask", tables), "order")


def test_behaviour_on_one_device_only() -> None:
    found = [
        item
        for item in compare("torchvision/nms", "mindspore/NMSWithMask")
        if item.names == ("threshold_type",)
    ]
    conditions = [(item.code, item.facts["condition"].en) for item in found]
    # In general float64 against the type of the boxes; on CUDA float32, which is their type.
    assert conditions == [
        ("behaviour-differs", ""),
        ("behaviour-differs", "cuda float16"),
        ("same", "cuda float32"),
    ]


def test_a_deviation_shows_the_real_behaviour() -> None:
    """opsbridge refuses NaN scores in MindSpore's stead; a difference table tells of MindSpore."""
    found = about(compare("torchvision/nms", "mindspore/NMSWithMask"), "nan_score")
    deviation = next(
        item for item in load_api("mindspore/NMSWithMask").deviations if item.id == "nan-score"
    )
    shown = found["behaviour-differs", ""].facts["right"]
    assert shown.en == deviation.real.en.removesuffix(".")
    assert shown.zh == deviation.real.zh.removesuffix("。")


def test_an_axis_about_a_slot_of_one_side_only_is_left_to_the_slot(
    tables: Path, edit: Edit
) -> None:
    groups = MAX_OUTPUTS.replace("max_outputs", "groups").replace("init", "call")
    edit(MASK, "[[returns]]", f"{groups}required = true\n\n[[returns]]")
    edit(MASK, 'kept_order = "rank"', 'kept_order = "rank"\ngroup_rule = "shifted"')
    found = compare("torchvision/nms", "mindspore/NMSWithMask", tables)
    assert ("extra", "required") in about(found, "groups")
    assert not about(found, "group_rule")


def test_limits_are_directed(tables: Path, edit: Edit) -> None:
    there = [i for i in compare("torchvision/nms", "mindspore/NMSWithMask") if i.code == "limit"]
    assert [(item.left, item.right, item.action) for item in there] == [("-", "2864", "by hand")]
    back = compare("mindspore/NMSWithMask", "torchvision/nms")
    assert not [item for item in back if item.code == "limit"]


def test_without_a_counterpart_the_operator_is_absent() -> None:
    left = load_api("torchvision.ops.nms")
    (item,) = differences(left, None, load_core("nms"))
    assert item == Difference(
        "absent", "operator", ("nms",), "torchvision.ops.nms", "-", load_core("nms").text
    )
    assert (item.action, item.severity) == ("impossible", 9)


def test_headline_is_the_worst() -> None:
    assert headline(compare("torchvision/nms", "mindspore/NMSWithMask")).severity == 8
    assert headline(compare("torchvision/nms", "torchvision/nms")).code == "same"


def test_apis_of_two_operators_have_no_differences() -> None:
    left, right = load_api("torchvision.ops.nms"), load_api("mindspore.ops.ROIAlign")
    for pair in ((left, right), (right, left), (right, None)):
        with pytest.raises(TableError) as caught:
            differences(*pair, load_core("nms"))
        assert str(caught.value) == (
            "mindspore.ops.ROIAlign is an API of roi_align, not of nms; "
            "only APIs of one operator can be compared"
        )


def test_an_axis_is_compared_where_a_block_names_a_device_or_a_dtype() -> None:
    api = load_api("torchvision/nms")
    dtypes, evidence = common_dtypes(api, api), api.behaviour[0].evidence
    for block, devices in (
        (Behaviour(evidence, {"order": "stable"}, device="cuda"), ["cuda"]),
        (Behaviour(evidence, {"order": "stable"}, dtypes=("float16",)), [None]),
        (Behaviour(evidence, {"order": "stable"}), []),
        (Behaviour(evidence, {"comparison": "above"}, device="cuda"), []),
    ):
        of_block = replace(api, behaviour=(block,))
        found = list(contexts("order", of_block, replace(api, behaviour=())))
        assert found == [(device, dtype) for device in devices for dtype in dtypes]


def test_an_axis_under_a_condition_differs_only_where_it_holds() -> None:
    left, right = load_api("torchvision/nms"), load_api("mindspore/NMSWithMask")
    core = load_core("nms")
    for condition, is_said in (({}, True), ({"threshold_type": "no such"}, False)):
        axes = [
            replace(axis, only_when=condition) if axis.name == "order" else axis
            for axis in core.axes
        ]
        found = differences(left, right, replace(core, axes=tuple(axes)))
        assert any(each.names == ("order",) for each in found) is is_said


def rows(found: list[Difference], *parts: str) -> list[str]:
    """The differences of some parts, a line each; what does no harm is in brackets."""
    lines = []
    for each in found:
        words = [each.code, each.detail, each.left, "->", each.right]
        words += [f"{name}={text.en}" for name, text in each.facts.items()]
        line = " ".join(word for word in words if word)
        if each.part in parts and each.code != "same":
            lines.append(f"({line})" if each.harmless else line)
    return lines


@pytest.mark.parametrize(
    ("left", "right", "lines"),
    [
        (
            "torchvision/nms",
            "mindspore/NMSWithMask",
            [
                "packed [boxes, scores] -> bboxes",
                "moved input [boxes, scores] -> bboxes",
                "moved positional [boxes, scores] -> bboxes",
                "type-differs dtypes [boxes, scores] -> bboxes "
                "left=float16, float32, float64 right=float16, float32",
                "moved constructor iou_threshold -> iou_threshold",
                "type-differs forms iou_threshold -> iou_threshold "
                "left=any number right=a Python float",
                "(default-added iou_threshold -> iou_threshold right=0.5)",
                "output-differs missing indices -> -",
                "output-differs extra - -> output_boxes",
                "output-differs extra - -> output_idx",
                "output-differs extra - -> selected_mask",
                "output-differs meaning indices -> output_boxes, output_idx, selected_mask "
                "left=the boxes in the order of the input "
                "right=the boxes sorted by descending score",
                "limit - -> 2864 platform=Ascend right=2864",
            ],
        ),
        (
            "mindspore/NMSWithMask",
            "torchvision/nms",
            [
                "moved function iou_threshold -> iou_threshold",
                "(type-differs forms iou_threshold -> iou_threshold "
                "left=a Python float right=any number)",
                "default-removed iou_threshold -> iou_threshold left=0.5",
                "split bboxes -> [boxes, scores]",
                "moved function bboxes -> [boxes, scores]",
                "(type-differs dtypes bboxes -> [boxes, scores] "
                "left=float16, float32 right=float16, float32, float64)",
                "output-differs extra - -> indices",
                "output-differs missing output_boxes -> -",
                "output-differs missing output_idx -> -",
                "output-differs missing selected_mask -> -",
                "output-differs meaning output_boxes, output_idx, selected_mask -> indices "
                "left=the boxes sorted by descending score "
                "right=the boxes in the order of the input",
            ],
        ),
        (
            "torchvision/RoIAlign",
            "mindspore/ROIAlign",
            [
                "split output_size -> [pooled_height, pooled_width]",
                "moved position spatial_scale -> spatial_scale left=2 right=3",
                "type-differs forms spatial_scale -> spatial_scale "
                "left=any number right=a Python float",
                "renamed sampling_ratio -> sample_num",
                "moved position sampling_ratio -> sample_num left=3 right=4",
                "type-differs forms sampling_ratio -> sample_num "
                "left=any integer right=a Python int",
                "(default-added sampling_ratio -> sample_num right=2)",
                "renamed aligned -> roi_end_mode",
                "moved position aligned -> roi_end_mode left=4 right=5",
                "values-differ aligned -> roi_end_mode equal=False = 0 left_only=True right_only=1",
                "default-differs aligned -> roi_end_mode left=False right=1",
                "renamed input -> features",
                "moved positional input -> features",
                "type-differs dtypes input -> features "
                "left=float16, float32, float64 right=float16, float32",
                "moved positional rois -> rois",
                "type-differs forms rois -> rois left=a tensor; a list of tensors right=a tensor",
                "type-differs dtypes rois -> rois "
                "left=float16, float32, float64 right=float16, float32",
            ],
        ),
    ],
)
def test_what_a_page_says_of_parameters_results_and_limits(
    left: str, right: str, lines: list[str]
) -> None:
    assert rows(compare(left, right), "parameter", "output", "limit") == lines


def with_samples(**facts: Any) -> ApiTable:
    """An API that counts samples in another unit."""
    api = load_api("torchvision/roi_align")
    params = [
        replace(param, **facts) if param.name == "sampling_ratio" else param for param in api.params
    ]
    return replace(api, params=tuple(params))


@pytest.mark.parametrize(
    ("facts", "lines"),
    [
        ({"default": 2}, []),
        ({"default": 1, "times": 3, "plus": -1}, ["left=times 3, plus -1"]),
        ({"default": 5, "plus": -3}, ["left=plus -3"]),
        ({"default": 2, "times": (3.0,)}, ["left=times (3)"]),
        ({"default": 2, "plus": (3.0,)}, ["left=plus (3)"]),
        ({"default": 2, "times": 3}, ["left=times 3", "left=2"]),
        ({"default": 2, "plus": 3}, ["left=plus 3", "left=2"]),
        ({"default": 3, "times": (3.0,)}, ["left=times (3)", "left=3"]),
        ({"default": 3, "plus": (3.0,)}, ["left=plus (3)", "left=3"]),
    ],
)
def test_defaults_are_compared_in_the_unit_of_the_slot(
    facts: dict[str, Any], lines: list[str]
) -> None:
    right, core = load_api("mindspore/ROIAlign"), load_core("roi_align")
    found = about(differences(with_samples(**facts), right, core), "sampling_ratio")
    said = [
        found[key] for key in (("type-differs", "unit"), ("default-differs", "")) if key in found
    ]
    assert [f"left={each.facts['left'].en}" for each in said] == lines
    assert [each.facts["right"].en for each in said] == ["as it is", "2"][: len(lines)]


def test_one_optional_number_more_does_no_harm(tables: Path, edit: Edit) -> None:
    edit(MASK, "[[returns]]", f"{MAX_OUTPUTS}default = 10\n\n[[returns]]")
    found = compare("torchvision/nms", "mindspore/NMSWithMask", tables)
    assert "(extra optional - -> limit right=10)" in rows(found, "parameter")
    back = compare("mindspore/NMSWithMask", "torchvision/nms", tables)
    assert "missing limit -> -" in rows(back, "parameter")


def test_a_wider_limit_of_the_left_side_is_named() -> None:
    """A bound is one only for who has none there, or a wider one."""
    api = load_api("mindspore/NMSWithMask")
    for number, lines in (
        (2863, []),
        (2864, []),
        (2865, ["limit 2865 -> 2864 platform=Ascend right=2864"]),
    ):
        left = replace(api, limits=(replace(api.limits[0], number=number),))
        found = differences(left, api, load_core("nms"))
        assert rows(found, "limit") == lines


def with_result(**facts: Any) -> ApiTable:
    """An API whose result is another."""
    api = load_api("torchvision/nms")
    return replace(api, returns=(replace(api.returns[0], **facts),))


def results(left: ApiTable, right: ApiTable) -> list[tuple[Any, ...]]:
    """What is said of the results: code, detail, cells and facts in both languages."""
    return [
        (
            each.code, each.detail, each.left, each.right,
            {name: (text.en, text.zh) for name, text in each.facts.items()},
        )
        for each in differences(left, right, load_core("nms"))
        if each.part == "output"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        ({}, [("same", "", "indices", "indices", {})]),
        ({"name": "keep"}, [("renamed", "", "indices", "keep", {})]),
        *(
            (
                {"dtype": dtype},
                [
                    (
                        "output-differs", "dtype", "indices", "indices",
                        {"left": ("int64", "int64"), "right": words},
                    )
                ],
            )
            for dtype, words in (
                ("int32", ("int32", "int32")),
                ("same", ("of the input", "与输入相同")),
                (
                    "float",
                    (
                        "float32, or float64 where that comes",
                        "float32（输入为 float64 时为 float64）",
                    ),
                ),
                ("promoted", ("common to the inputs", "各输入的公共类型")),
                (
                    "widened",
                    (
                        "of the input, float32 for 16-bit floats",
                        "与输入相同（16 位浮点为 float32）",
                    ),
                ),
            )
        ),
        (
            {"plus": 1},
            [
                (
                    "output-differs", "unit", "indices", "indices",
                    {"left": ("as it is", "原样"), "right": ("plus 1", "加 1")},
                )
            ],
        ),
        (
            {"name": "keep", "dtype": "int32"},
            [
                ("renamed", "", "indices", "keep", {}),
                (
                    "output-differs", "dtype", "indices", "keep",
                    {"left": ("int64", "int64"), "right": ("int32", "int32")},
                ),
            ],
        ),
    ],
)  # fmt: skip
def test_results_of_one_output_differ_in_name_type_and_unit(
    facts: dict[str, Any], found: list[tuple[Any, ...]]
) -> None:
    assert results(with_result(), with_result(**facts)) == found


def test_a_unit_is_left_as_it_is_on_the_way_back() -> None:
    ((_, _, _, _, facts),) = results(with_result(times=2), with_result())
    assert facts == {"left": ("times 2", "乘以 2"), "right": ("as it is", "原样")}


def behaviour(left: ApiTable, right: ApiTable, axis: str, **about: Any) -> list[tuple[str, ...]]:
    """What is said of one axis: code, detail, both sides and where."""
    core = load_core(left.core)
    axes = tuple(replace(each, **about) if each.name == axis else each for each in core.axes)
    return [
        (each.code, each.detail, each.left, each.right, each.facts["condition"].en)
        for each in differences(left, right, replace(core, axes=axes))
        if each.names == (axis,)
    ]


def texts(axis: str) -> dict[Any, str]:
    """The words for the values of an axis."""
    (found,) = (each for each in load_core("nms").axes if each.name == axis)
    return {value.value: value.text.en for value in found.values}


def test_an_axis_is_said_in_general_and_where_it_is_otherwise() -> None:
    left, right = load_api("torchvision/nms"), load_api("mindspore/NMSWithMask")
    kinds = texts("threshold_type")
    assert behaviour(left, right, "threshold_type") == [
        ("behaviour-differs", "", kinds["float64"], kinds["same"], ""),
        ("behaviour-differs", "conditional", kinds["float32"], kinds["same"], "cuda float16"),
        ("same", "conditional", kinds["float32"], kinds["float32"], "cuda float32"),
    ]
    (order,) = (
        each for each in differences(left, right, load_core("nms")) if each.names == ("order",)
    )
    (axis,) = (each for each in load_core("nms").axes if each.name == "order")
    values = {value.value: value.text for value in axis.values}
    assert order == Difference(
        "behaviour-differs", "behaviour", ("order",),
        values["stable"].en, values["bitonic"].en, axis.text,
        facts={
            "left": values["stable"], "right": values["bitonic"], "shows": axis.shows,
            "condition": plain(""),
        },
    )  # fmt: skip


def test_an_axis_of_some_types_differs_only_where_both_take_one_of_them() -> None:
    left, right = load_api("torchvision/nms"), load_api("mindspore/NMSWithMask")
    words = texts("order")
    said = [("behaviour-differs", "", words["stable"], words["bitonic"], "")]
    assert behaviour(left, right, "order") == said
    assert behaviour(left, right, "order", dtypes=("float16",)) == said
    assert behaviour(left, right, "order", dtypes=("float64",)) == []
    untold = tuple(replace(param, dtypes=()) for param in right.params)
    assert behaviour(left, replace(right, params=untold), "order", dtypes=("float64",)) == said


def test_an_axis_of_a_slot_is_compared_where_both_fill_it() -> None:
    plainly, grouped = load_api("torchvision/nms"), load_api("torchvision/batched_nms")
    other = replace(
        grouped,
        behaviour=(
            *grouped.behaviour,
            Behaviour(grouped.behaviour[0].evidence, {"group_rule": "per_group"}),
        ),
    )
    assert behaviour(plainly, other, "group_rule") == []
    assert behaviour(other, plainly, "group_rule") == []
    words = texts("group_rule")
    assert behaviour(grouped, other, "group_rule")[0] == (
        "behaviour-differs", "", words["shifted"], words["per_group"], "",
    )  # fmt: skip


def test_several_deviations_are_one_text() -> None:
    api = load_api("mindspore/NMSWithMask")
    first, second = (replace(each, axes=("order",)) for each in api.deviations[:2])
    right = replace(api, deviations=(first, second))
    (row,) = behaviour(load_api("torchvision/nms"), right, "order")
    assert row[3] == f"{first.real.en.removesuffix('.')}; {second.real.en.removesuffix('.')}"
