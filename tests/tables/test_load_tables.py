"""Loading: names, hostile files, and what a table may not contradict in itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from editing import Edit

from opsbridge.errors import TableError
from opsbridge.tables.finding import Finding
from opsbridge.tables.load import (
    MAX_TABLE_BYTES,
    all_api_identifiers,
    all_api_names,
    all_core_names,
    load_api,
    load_core,
)
from opsbridge.tables.rules_core import unique_names

NMS = "torchvision/nms.toml"
ROI = "torchvision/roi_align.toml"
MASK = "mindspore/NMSWithMask.toml"
CORE = load_core("nms")
SLOTS = ", ".join(slot.name for slot in CORE.slots)
OUTPUTS = ", ".join(output.name for output in CORE.outputs)
AXES = ", ".join(axis.name for axis in CORE.axes)


def error(root: Path, name: str = "torchvision/nms") -> str:
    with pytest.raises(TableError) as caught:
        load_api(name, root)
    return str(caught.value)


def test_every_shipped_table_loads() -> None:
    assert len(all_api_identifiers()) == len(all_api_names()) >= 5
    for name in all_api_names():
        assert load_core(load_api(name).core).op in all_core_names()


def test_identifier_and_dotted_name_are_the_same_table() -> None:
    assert load_api("torchvision/nms") == load_api("torchvision.ops.nms")
    assert load_api("mindspore.ops.NMSWithMask").framework == "mindspore"


def test_an_edited_copy_is_another_table(tables: Path, edit: Edit) -> None:
    edit(NMS, 'order = "stable"', 'order = "bitonic"')
    assert load_api("torchvision/nms", tables).behaviour[0].set["order"] == "bitonic"
    assert load_api("torchvision/nms").behaviour[0].set["order"] == "stable"


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("torchvision.ops.nsm", "did you mean torchvision.ops.nms"),
        ("torchvision/nsm", "did you mean torchvision/nms"),
        ("nms", "torchvision.ops.nms"),
        ("mindspore.ops.nmswithmask", "mindspore.ops.NMSWithMask"),
        ("", "known: "),
        ("...", "known: "),
    ],
)
def test_unknown_names_get_suggestions(name: str, suggestion: str) -> None:
    with pytest.raises(TableError) as caught:
        load_api(name)
    assert suggestion in str(caught.value)
    assert f"there is no table for the API {name!r}" in str(caught.value)


@pytest.mark.parametrize(
    "name",
    [
        "../mappings/torchvision/nms",
        "torchvision/../torchvision/nms",
        "/etc/passwd",
        "torchvision/nms.toml",
        "torchvision\\nms",
        "core/nms",
        "torchvision/nms\0",
        "~/nms",
        "...torchvision/nms",
    ],
)
def test_identifiers_stay_inside_the_folder(tables: Path, name: str) -> None:
    assert "there is no table" in error(tables, name)


def test_unknown_operator_gets_suggestions() -> None:
    with pytest.raises(TableError, match="did you mean roi_align"):
        load_core("roi_alin")
    with pytest.raises(TableError, match="no table for the operator"):
        load_core("../torchvision/nms")


def test_syntax_error_names_file_and_line(tables: Path, edit: Edit) -> None:
    edit(NMS, 'form = "function"', "form = function")
    assert "torchvision/nms.toml: is not TOML" in error(tables)
    assert "line 5" in error(tables)


def test_duplicate_key_is_refused(tables: Path, edit: Edit) -> None:
    edit(NMS, 'core = "nms"', 'core = "nms"\ncore = "nms"')
    assert "torchvision/nms.toml: is not TOML" in error(tables)


def test_file_that_is_not_utf8_names_the_line(tables: Path) -> None:
    (tables / NMS).write_bytes(b'name = "a"\nframework = "\xff"\n')
    assert error(tables) == "mappings/torchvision/nms.toml: line 2 is not UTF-8 (byte 24)"


def test_huge_file_is_refused(tables: Path) -> None:
    (tables / NMS).write_bytes(b"#" * (MAX_TABLE_BYTES + 1))
    assert f"is larger than {MAX_TABLE_BYTES} bytes" in error(tables)


def test_deep_nesting_is_refused(tables: Path) -> None:
    (tables / NMS).write_text("name = " + "[" * 50_000 + "]" * 50_000)
    assert "is nested too deeply" in error(tables)


def test_directory_instead_of_file(tables: Path) -> None:
    (tables / NMS).unlink()
    (tables / NMS).mkdir()
    assert "torchvision/nms.toml: cannot be read" in error(tables)


def test_missing_file(tables: Path) -> None:
    (tables / NMS).unlink()
    assert "there is no table for the API 'torchvision/nms'" in error(tables)


def test_empty_file_misses_every_required_key(tables: Path) -> None:
    (tables / NMS).write_text("")
    assert "torchvision/nms.toml: name is missing; it is required" in error(tables)
    assert "behaviour is missing" in error(tables)


def test_unknown_core_names_the_table(tables: Path, edit: Edit) -> None:
    edit(NMS, 'core = "nms"', 'core = "nmss"')
    message = error(tables)
    assert message.startswith("mappings/torchvision/nms.toml: core is 'nmss'")
    assert "did you mean nms?" in message


def test_broken_core_is_named(tables: Path, edit: Edit) -> None:
    edit("core/nms.toml", 'op = "nms"', 'op = "mns"')
    assert "core/nms.toml: op is mns; the file is named nms" in error(tables)


@pytest.mark.parametrize(
    ("file", "old", "new", "problems"),
    [
        (
            NMS,
            'stage = "call"',
            'stage = "late"',
            ['params[0].stage is "late"; allowed: init, call'],
        ),
        (
            NMS,
            'framework = "torchvision"',
            'framework = "tv"',
            ["framework is tv; the table lies in torchvision"],
        ),
        (
            NMS,
            'name = "torchvision.ops.nms"',
            'name = "torchvision.ops.nm"',
            ["name is torchvision.ops.nm; its last part must be the file name nms"],
        ),
        (NMS, 'name = "scores"', 'name = "boxes"', ["params use the name boxes 2 times"]),
        (
            NMS,
            'fills = ["scores"]',
            'fills = ["boxes"]',
            ["params use the slot boxes 2 times", "params do not fill the required slot scores"],
        ),
        (
            NMS,
            'fills = ["scores"]',
            'fills = ["score"]',
            [
                f"params[1].fills has score; slots: {SLOTS}",
                "params do not fill the required slot scores",
            ],
        ),
        (
            NMS,
            "required = true",
            "required = true\ndefault = 1",
            [
                "params[0] is required and has a default; one of the two",
                "params[0].default is 1; the types are: tensor",
            ],
        ),
        (
            NMS,
            "required = true",
            "required = false",
            ["params[0] needs required = true or a default"],
        ),
        (
            MASK,
            "default = 0.5",
            'default = "0.5"',
            ['params[0].default is "0.5"; the types are: float'],
        ),
        (MASK, "default = 0.5", "default = 1", ["params[0].default is 1; the types are: float"]),
        (
            NMS,
            'converter = "same"',
            'converter = "choice"',
            [
                "params[0].choices converter choice needs choices",
                "params[0].fills has 1 slots; converter choice fills 0",
            ],
        ),
        (
            NMS,
            'converter = "same"',
            'converter = "pair"',
            ["params[0].fills has 1 slots; converter pair fills 2"],
        ),
        (ROI, "default = false", "default = 0", ["params[5].default is 0; choices: false, true"]),
        (ROI, "half_pixel = 0.5, ", "", ["params[5].choices must all set the same axes"]),
        (
            ROI,
            "half_pixel = 0.5",
            "half_pixel = 0.25",
            ["params[5].choices[1].set.half_pixel is 0.25; allowed: 0.0, 0.5"],
        ),
        (
            ROI,
            "end_offset = 0",
            "end_offset = false",
            ["params[5].choices[0].set.end_offset is false; allowed: 0, 1"],
        ),
        (
            MASK,
            "[[0, 4], [4, 5]]",
            "[[0, 4], [4, 6]]",
            ["params[1].columns must be ranges start < end within [0, 5]"],
        ),
        (
            MASK,
            "[[0, 4], [4, 5]]",
            "[[4, 0], [4, 5]]",
            ["params[1].columns must be ranges start < end within [0, 5]"],
        ),
        (
            MASK,
            'shape = ["N", 5]',
            'shape = ["N", "M"]',
            ["params[1].columns need a shape whose last dimension is a number"],
        ),
        (
            NMS,
            'stage = "call"',
            'stage = "init"',
            ["params[0].stage is init; a function has only call"],
        ),
        (
            NMS,
            'output = "keep"',
            'output = "kept"',
            [f"returns[0].output is kept; outputs: {OUTPUTS}"],
        ),
        (
            NMS,
            'order = "stable"',
            'order = "random"',
            ['behaviour[0].set.order is "random"; allowed: stable, introsort, bitonic, given'],
        ),
        (
            NMS,
            'order = "stable"',
            'ordre = "stable"',
            [
                f"behaviour[0].set has ordre; axes: {AXES}",
                "behaviour gives no value for the axis order",
            ],
        ),
        (NMS, 'order = "stable"\n', "", ["behaviour gives no value for the axis order"]),
        (
            ROI,
            'grid = "ceil"',
            'grid = "ceil"\nmin_size = "one"',
            ["behaviour sets min_size, which is set by a choice"],
        ),
        (
            ROI,
            'reduction = "average"',
            'reduction = "maximum"',
            ["behaviour gives no value for the axis maximum_start"],
        ),
        (MASK, 'slot = "boxes"', 'slot = "bboxes"', [f"limits[0].slot is bboxes; slots: {SLOTS}"]),
        (
            MASK,
            'axes = ["nan_score"]',
            'axes = ["nan"]',
            [f"deviations[0].axes has nan; axes: {AXES}"],
        ),
    ],
)
def test_contradictions_name_file_key_and_what_is_allowed(
    tables: Path, edit: Edit, file: str, old: str, new: str, problems: list[str]
) -> None:
    edit(file, old, new)
    found = error(tables, file.removesuffix(".toml"))
    assert found.splitlines() == [f"mappings/{file}: {problem}" for problem in problems]


@pytest.mark.parametrize(
    ("old", "new", "problems"),
    [
        (
            'value = "introsort"',
            'value = "stable"',
            [
                'axes[9].values use the name "stable" 2 times',
                'cases[1].expect[1].set.order is "introsort"; '
                "allowed: stable, stable, bitonic, given",
                'cases[2].expect[1].set.order is "introsort"; '
                "allowed: stable, stable, bitonic, given",
            ],
        ),
        (
            'only_with_slot = "groups"',
            'only_with_slot = "boxes"',
            ["axes[11].only_with_slot must name an optional slot"],
        ),
        (
            'without_slot = "ignored"',
            'without_slot = "none"',
            [
                'axes[11].without_slot.group_rule is "none"; '
                "allowed: per_group, shifted, per_group_on_shifted, ignored"
            ],
        ),
        ('only_with_slot = "groups"\n', "", ["axes[11].without_slot needs only_with_slot"]),
        ('axes = ["order"]', 'axes = ["ordr"]', [f"cases[0].axes has ordr; axes: {AXES}"]),
        ("iou_threshold = 0.5\n", "iou = 0.5\n", [f"cases[0].inputs has iou; slots: {SLOTS}"]),
        ("keep = [0]", "kept = [0]", [f"cases[0].expect[0].outputs has kept; outputs: {OUTPUTS}"]),
        (
            'axes = ["order"]',
            'axes = ["layout", "ordr"]',
            [f"cases[0].axes has ordr; axes: {AXES}"],
        ),
        (
            "refused = true\n",
            "",
            ["cases[6].expect[2] must either give outputs or say refused = true"],
        ),
    ],
)
def test_contradictions_in_a_core_table(
    tables: Path, edit: Edit, old: str, new: str, problems: list[str]
) -> None:
    edit("core/nms.toml", old, new)
    with pytest.raises(TableError) as caught:
        load_core("nms", tables)
    assert str(caught.value).splitlines() == [
        f"mappings/core/nms.toml: {problem}" for problem in problems
    ]


@pytest.mark.parametrize("key", ["slots", "outputs", "axes", "cases"])
def test_what_a_core_table_lists_has_names_of_its_own(key: str) -> None:
    listed = getattr(CORE, key)
    twice = replace(CORE, **{key: (*listed, listed[0])})
    assert list(unique_names(CORE)) == []
    assert list(unique_names(twice)) == [Finding(key, f"use the name {listed[0].name} 2 times")]


def test_the_likely_table_of_a_name_is_the_one_that_says_so() -> None:
    assert load_api("torchvision.ops.nms").name == "torchvision.ops.nms"
    with pytest.raises(TableError, match=r"no table for the API .torchvision\.boxes\.nms"):
        load_api("torchvision.boxes.nms")


def test_a_key_of_many_parts_names_the_line(tables: Path, edit: Edit) -> None:
    edit(NMS, 'form = "function"', 'form = "function"\n' + ".".join(["a"] * 200) + " = 1")
    assert "too deeply (a key of more than 32 parts in line 6)" in error(tables)
