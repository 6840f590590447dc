"""Loading: names, hostile files, and what a table may not contradict in itself."""

from __future__ import annotations

import os
import shutil
from dataclasses import MISSING, fields, replace
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
    frameworks_of_the_user,
    load_api,
    load_core,
    table_folders,
    table_root,
)
from opsbridge.tables.port_load import all_port_tables
from opsbridge.tables.rules_core import unique_names
from opsbridge.tables.schema import ApiTable

NMS = "torchvision/nms.toml"
ROI = "torchvision/roi_align.toml"
MASK = "mindspore/NMSWithMask.toml"
CORE = load_core("nms")
SLOTS = ", ".join(slot.name for slot in CORE.slots)
OUTPUTS = ", ".join(output.name for output in CORE.outputs)
AXES = ", ".join(axis.name for axis in CORE.axes)


def copied(root: Path, *files: str) -> Path:
    """A folder with some of the shipped tables."""
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(table_root() / file, root / file)
    return root


@pytest.fixture
def few(tmp_path: Path) -> Path:
    """The tables of two APIs and their operator."""
    return copied(tmp_path / "mappings", "core/nms.toml", NMS, MASK)


@pytest.fixture
def tables(few: Path) -> Path:
    """The tables that are edited here."""
    return copied(few, "core/roi_align.toml", ROI)


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
    ("name", "hint"),
    [
        ("torchvision.ops.nsm", "did you mean torchvision.ops.nms, torchvision/nms?"),
        ("torchvision/nsm", "did you mean torchvision/nms, torchvision.ops.nms?"),
        ("core/nms", "did you mean torchvision.ops.nms, torchvision/nms?"),
        ("nms", "did you mean torchvision.ops.nms, torchvision/nms?"),
        ("ops/NMS", "did you mean torchvision.ops.nms, torchvision/nms?"),
        (
            "mindspore.ops.nmswithmask",
            "did you mean mindspore.ops.NMSWithMask, mindspore/NMSWithMask?",
        ),
        *(
            (
                name,
                "known: mindspore.ops.NMSWithMask, torchvision.ops.nms, "
                "mindspore/NMSWithMask, torchvision/nms",
            )
            for name in ("", "...", "qq/qq")
        ),
    ],
)
def test_unknown_names_get_suggestions(few: Path, name: str, hint: str) -> None:
    assert error(few, name) == f"there is no table for the API {name!r}; {hint}"


def test_a_shipped_name_is_suggested_without_a_folder() -> None:
    with pytest.raises(TableError) as caught:
        load_api("torchvision.ops.nmss")
    assert str(caught.value).startswith(
        "there is no table for the API 'torchvision.ops.nmss'; did you mean torchvision.ops.nms, "
    )


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


def test_unknown_operator_gets_suggestions(few: Path) -> None:
    for name, hint in (("nmss", "did you mean nms?"), ("../torchvision/nms", "did you mean nms?")):
        with pytest.raises(TableError) as caught:
            load_core(name, few)
        assert str(caught.value) == f"there is no table for the operator {name!r}; {hint}"
    with pytest.raises(TableError, match="did you mean roi_align"):
        load_core("roi_alin")


def test_syntax_error_names_file_and_line(tables: Path, edit: Edit) -> None:
    edit(NMS, 'form = "function"', "form = function")
    assert error(tables) == (
        "mappings/torchvision/nms.toml: is not TOML: Invalid value (at line 5, column 8)"
    )


def test_duplicate_key_is_refused(tables: Path, edit: Edit) -> None:
    edit(NMS, 'core = "nms"', 'core = "nms"\ncore = "nms"')
    assert error(tables) == (
        "mappings/torchvision/nms.toml: is not TOML: "
        "Cannot overwrite a value (at line 5, column 13)"
    )


def test_file_that_is_not_utf8_names_the_line(tables: Path) -> None:
    (tables / NMS).write_bytes(b'name = "a"\nframework = "\xff"\n')
    assert error(tables) == "mappings/torchvision/nms.toml: line 2 is not UTF-8 (byte 24)"


def test_huge_file_is_refused(tables: Path) -> None:
    text = (tables / NMS).read_bytes()
    (tables / NMS).write_bytes(text + b"#" * (MAX_TABLE_BYTES - len(text)))
    assert load_api("torchvision/nms", tables) == load_api("torchvision/nms")
    (tables / NMS).write_bytes(text + b"#" * (MAX_TABLE_BYTES + 1 - len(text)))
    assert error(tables) == "mappings/torchvision/nms.toml: is larger than 262144 bytes"


def test_deep_nesting_is_refused(tables: Path) -> None:
    (tables / NMS).write_text("name = " + "[" * 50_000 + "]" * 50_000)
    assert "is nested too deeply" in error(tables)


def test_directory_instead_of_file(tables: Path) -> None:
    (tables / NMS).unlink()
    (tables / NMS).mkdir()
    assert error(tables) == ("mappings/torchvision/nms.toml: cannot be read: it is no regular file")


def test_missing_file(tables: Path) -> None:
    (tables / NMS).unlink()
    assert "there is no table for the API 'torchvision/nms'" in error(tables)


def test_empty_file_misses_every_required_key(tables: Path) -> None:
    (tables / NMS).write_text("")
    required = [
        field.name
        for field in fields(ApiTable)
        if field.default is field.default_factory is MISSING
    ]
    assert error(tables).splitlines() == [
        f"mappings/torchvision/nms.toml: {name} is missing; it is required" for name in required
    ]


def test_unknown_core_names_the_table(tables: Path, edit: Edit) -> None:
    edit(NMS, 'core = "nms"', 'core = "nmss"')
    assert error(tables).startswith(
        "mappings/torchvision/nms.toml: core is 'nmss'; "
        "there is no table for the operator 'nmss'; did you mean nms"
    )


def test_broken_core_is_named(tables: Path, edit: Edit) -> None:
    edit("core/nms.toml", 'op = "nms"', 'op = "mns"')
    assert error(tables) == (
        "mappings/torchvision/nms.toml: core is 'nms'; "
        "mappings/core/nms.toml: op is mns; the file is named nms"
    )


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


@pytest.mark.parametrize(
    "key", [".".join(["a"] * 33), " . ".join(['"a b"'] * 33), "\t.".join(["'a-b'"] * 33)]
)
def test_a_key_of_many_parts_names_the_line(tables: Path, edit: Edit, key: str) -> None:
    edit(NMS, 'form = "function"', f'form = "function"\n{key} = 1')
    assert error(tables) == (
        "mappings/torchvision/nms.toml: "
        "is nested too deeply (a key of more than 32 parts in line 6)"
    )


def test_a_key_of_fewer_parts_is_one_that_is_not_known(tables: Path, edit: Edit) -> None:
    edit(NMS, 'form = "function"', f'form = "function"\n{".".join(["qqqq"] * 32)} = 1')
    assert error(tables).startswith("mappings/torchvision/nms.toml: qqqq is not a known key; ")


def test_a_folder_without_operators_has_apis_of_the_shipped_ones(few: Path) -> None:
    shutil.rmtree(few / "core")
    assert load_api("torchvision.ops.nms", few) == load_api("torchvision/nms")
    assert all_core_names(few) == ()
    assert all_api_names(few) == ("mindspore.ops.NMSWithMask", "torchvision.ops.nms")


def test_a_folder_with_operators_has_apis_of_these_alone(few: Path) -> None:
    assert all_core_names(few) == ("nms",)
    shutil.copy(table_root() / ROI, few / ROI)
    assert error(few, "torchvision.ops.roi_align") == (
        "mappings/torchvision/roi_align.toml: core is 'roi_align'; "
        "there is no table for the operator 'roi_align'; known: nms"
    )


def test_a_name_is_found_in_a_file_of_another_name_that_is_said_to_be_wrong(few: Path) -> None:
    """Names are looked up in what files say, and the files are then checked."""
    (few / NMS).rename(few / "torchvision/suppress.toml")
    assert error(few, "torchvision.ops.nms") == (
        "mappings/torchvision/suppress.toml: name is torchvision.ops.nms; "
        "its last part must be the file name suppress"
    )
    (few / "torchvision/suppress.toml").write_text("name = 3\n")
    assert error(few, "torchvision.ops.nms") == (
        "there is no table for the API 'torchvision.ops.nms'; did you mean torchvision/suppress?"
    )


def test_general_names_are_no_api(few: Path) -> None:
    (few / "torchvision/general.toml").write_text('module = "torchvision"\n')
    (few / "torchvision/late.toml").write_text('# module = "torchvision"\n')
    (few / "torchvision/notes.md").write_text("")
    assert [path.stem for path in all_port_tables(few)] == ["general"]
    assert all_api_identifiers(few) == (
        "mindspore/NMSWithMask", "torchvision/late", "torchvision/nms"
    )  # fmt: skip


def test_folders_of_the_user_come_after_the_shipped_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder, framework in zip(folders, ("odd", "torchvision"), strict=True):
        (folder / framework).mkdir(parents=True)
        shutil.copy(table_root() / NMS, folder / framework / "mine.toml")
    monkeypatch.delenv("OPSBRIDGE_MAPPINGS", raising=False)
    assert (table_folders(), frameworks_of_the_user()) == ((table_root(),), frozenset())
    monkeypatch.setenv("OPSBRIDGE_MAPPINGS", os.pathsep.join(["", *map(str, folders)]))
    assert table_folders() == (table_root(), *folders)
    assert frameworks_of_the_user() == {"odd"}
    assert {"odd/mine", "torchvision/mine", "torchvision/nms"} <= set(all_api_identifiers())
