"""Where the tables lie, how they are written, and what is known of functions without signature."""

from __future__ import annotations

import inspect
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import get_args

import pytest

from opsbridge import cli
from opsbridge.errors import TableError
from opsbridge.tables import load, signatures
from opsbridge.tables.diff import differences
from opsbridge.tables.finding import Finding
from opsbridge.tables.load import all_api_names, all_core_names, load_api, load_core
from opsbridge.tables.schema import Dtype, ValueType


def test_an_installation_without_tables_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "__file__", str(tmp_path / "opsbridge" / "tables" / "load.py"))
    with pytest.raises(TableError, match=r"^mappings: the folder is missing"):
        load.table_root.__wrapped__()
    beside = tmp_path / "mappings"
    beside.mkdir()
    assert load.table_root.__wrapped__() == beside
    inside = tmp_path / "opsbridge" / "mappings"
    inside.mkdir(parents=True)
    assert load.table_root.__wrapped__() == inside


def test_a_table_without_a_name_is_found_by_no_name(tmp_path: Path) -> None:
    for file, contents in (("named", 'name = "made.f"\n'), ("nameless", "form = 1\n")):
        path = tmp_path / "made" / f"{file}.toml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(contents)
    with pytest.raises(TableError) as caught:
        load_api("made.g", tmp_path)
    assert "made.f" in str(caught.value)
    assert "nameless" not in str(caught.value).partition("made.f")[0]


@pytest.mark.parametrize("name", all_api_names())
def test_shipped_tables_are_written_alike(name: str) -> None:
    """Types and dtypes stand in the schema's order, as pages show them, and axes are letters.

    Where rows of numbers may stand for a tensor, the first dtype is what they become.
    """
    for param in load_api(name).params:
        dtypes = () if "rows" in param.types else param.dtypes
        for listed, allowed in (
            (param.types, ValueType), (dtypes, Dtype),
            *((each, Dtype) for each in param.dtypes_on.values()),
        ):  # fmt: skip
            assert list(listed) == [each for each in get_args(allowed) if each in listed]
        axes = [axis for axis in param.shape if isinstance(axis, str)]
        assert all(re.fullmatch(r"\.\.\.|(1 or )?[A-Z]", axis) for axis in axes), axes


@pytest.mark.parametrize("name", all_api_names())
def test_behaviour_is_that_of_dtypes_that_the_api_takes(name: str) -> None:
    """On some devices or with some thresholds it is another for some of them, not for all."""
    api = load_api(name)
    taken = next(set(param.dtypes) for param in api.params if param.dtypes)
    for block in api.behaviour:
        assert set(block.dtypes) < taken
    wide = {"float64"}
    thresholds = {
        (block.set["threshold_type"], bool(wide & set(block.dtypes)))
        for block in api.behaviour
        if block.dtypes and "threshold_type" in block.set
    }
    assert all(is_wide == kind.startswith("float64") for kind, is_wide in thresholds)


@pytest.mark.parametrize("op", all_core_names())
def test_a_case_sets_the_axes_that_it_tells_apart_and_nothing_twice(op: str) -> None:
    for case in load_core(op).cases:
        given = [(sorted(each.set.items()), str(each.inputs)) for each in case.expect]
        assert all(given.count(each) == 1 for each in given), case.name
        assert case.axes
        assert set(case.axes) <= {axis for each in case.expect for axis in each.set}, case.name


def test_a_convention_that_one_side_does_not_tell_is_unknown() -> None:
    left, core = load_api("torchvision/nms"), load_core("nms")
    silent = tuple(
        replace(each, set={k: v for k, v in each.set.items() if k != "order"})
        for each in left.behaviour
    )
    found = differences(left, replace(left, behaviour=silent), core)
    assert {each.code for each in found if each.names == ("order",)} == {"unknown"}


def words(doc: str | None) -> list[tuple[str, bool]]:
    """The parameters that a documentation names in its first line, and if they are required."""
    target = SimpleNamespace(__doc__=doc, __name__="made")
    found = signatures._signature_in_words(target)
    return [(each.name, each.default is inspect.Parameter.empty) for each in found]


def test_a_builtin_says_its_signature_in_words() -> None:
    assert words("f(a, b[, c[, d]]) -> e\n.   More.") == [
        ("a", True), ("b", True), ("c", False), ("d", False),
    ]  # fmt: skip
    assert words("f() -> e") == []
    for doc in (None, "Does things."):
        with pytest.raises(ValueError, match="no signature in the documentation of made"):
            words(doc)


def test_builtins_are_asked_for_their_documentation() -> None:
    api = load_api("torchvision/nms")
    with pytest.raises(ValueError, match="no signature in the documentation of len"):
        signatures._signature(len, api, "call")


def test_frameworks_of_the_user_are_those_that_are_not_shipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPSBRIDGE_MAPPINGS", raising=False)
    assert load.frameworks_of_the_user() == frozenset()
    for folder in ("mine", "torchvision"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "f.toml").write_text("")
    monkeypatch.setenv("OPSBRIDGE_MAPPINGS", str(tmp_path))
    assert load.frameworks_of_the_user() == {"mine"}


@pytest.mark.parametrize("name", ["core", "class", "a-b", "../x", ""])
def test_a_new_framework_has_a_name_of_python(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["new-framework", name, "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err == (
        f"opsbridge new-framework: {name!r} is no name that Python can import\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_new_framework_replaces_no_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["new-framework", "mine", "--out", str(tmp_path)]) == 0
    path = tmp_path / "mine" / "nms.toml"
    path.write_text("precious")
    assert cli.main(["new-framework", "mine", "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err == (f"opsbridge new-framework: {path} is already there\n")
    assert path.read_text() == "precious"
    path.unlink()  # the folder alone is no obstacle
    assert cli.main(["new-framework", "mine", "--out", str(tmp_path)]) == 0
    assert path.exists()


def test_a_new_framework_starts_as_a_copy_without_the_deviations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["new-framework", "mine"]) == 0
    first, *_ = said = capsys.readouterr().out.splitlines()
    assert (
        first == "mappings/mine/nms.toml: a copy of torchvision/nms under the name of mine. Next:"
    )
    for words in (
        "opsbridge explain torchvision.ops.nms;",
        "opsbridge tables lint mappings",
        "OPSBRIDGE_MAPPINGS=mappings, then `from opsbridge.mine.ops import nms`.",
        "opsbridge diff mine.ops.nms mindspore.ops.NMSWithMask",
    ):
        assert sum(words in line for line in said) == 1
    model, made = load_api("torchvision/nms"), load_api("mine.ops.nms", tmp_path / "mappings")
    assert (made.framework, made.framework_name, made.deviations) == ("mine", "mine", ())
    assert (made.params, made.behaviour, made.errors) == (
        model.params,
        model.behaviour,
        model.errors,
    )
    text = (tmp_path / "mappings/mine/nms.toml").read_text(encoding="utf-8")
    assert text.endswith('"RuntimeError"\n')


def test_a_schema_lists_inputs_and_then_attributes(monkeypatch: pytest.MonkeyPatch) -> None:
    """As ONNX gives it: defaults are fields of a message, by the number of their type."""

    def attribute(number: int, required: bool = False, **held: object) -> SimpleNamespace:
        return SimpleNamespace(
            required=required, default_value=SimpleNamespace(type=number, **held)
        )

    schema = SimpleNamespace(
        inputs=[
            SimpleNamespace(name="X", option="OpSchema.FormalParameterOption.Single"),
            SimpleNamespace(name="sizes", option="OpSchema.FormalParameterOption.Optional"),
        ],
        attributes={
            "scale": attribute(1, f=0.5),
            "mode": attribute(3, s=b"avg"),
            "axis": attribute(2, i=7),
            "more": attribute(0),
            "kind": attribute(0, required=True),
        },
    )
    asked = []

    def get_schema(name: str, version: int) -> SimpleNamespace:
        asked.append((name, version))
        return schema

    monkeypatch.setattr(signatures, "resolve", lambda name: get_schema)
    api = load_api("onnx/RoiAlign")
    made = signatures._schema(api)
    assert asked == [("RoiAlign", int(api.versions[0]))]
    found = {each.name: each.default for each in signatures._signature(made, api, "call")}
    assert list(found) == ["X", "sizes", "axis", "kind", "mode", "more", "scale"]
    needed = [name for name, value in found.items() if value is inspect.Parameter.empty]
    assert needed == ["X", "kind"]
    assert (found["axis"], found["mode"], found["scale"]) == (7, "avg", 0.5)
    assert found["sizes"] is found["more"] is signatures._UNKNOWN


@pytest.mark.parametrize(("name", "is_required"), [("output_size", True), ("aligned", False)])
def test_of_an_unknown_default_only_that_there_is_one_is_compared(
    name: str, is_required: bool
) -> None:
    api = load_api("torchvision/roi_align")
    param = next(each for each in api.params if each.name == name)
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    real = inspect.Parameter(name, kind, default=signatures._UNKNOWN)
    _, found = signatures._compare_parameter("params[2]", param, real)
    assert param.required is is_required
    assert found == (
        Finding("params[2].required", "is true; the real one is optional") if is_required else None
    )


@pytest.mark.parametrize(
    ("api", "called"), [("nms", "nms"), ("batched_nms", "batched_nms"), ("ROIAlign", "RoIAlign")]
)
def test_what_detectron2_hands_to_torchvision_fails_as_it_does_there(api: str, called: str) -> None:
    theirs = load_api(f"torchvision.ops.{called}").errors
    assert theirs
    assert load_api(f"detectron2.layers.{api}").errors == theirs


def test_an_output_size_that_is_no_pair_fails_as_in_torchvision() -> None:
    errors = {
        name: {each.name: each.errors for each in load_api(name).params}["output_size"]
        for name in ("detectron2.layers.ROIAlign", "torchvision.ops.RoIAlign")
    }
    assert len({str(each) for each in errors.values()}) == 1
