"""The linter: the shipped tables are clean, and every rule finds what it is for."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
from editing import Edit

from opsbridge.cli import main
from opsbridge.tables.finding import Finding
from opsbridge.tables.lint import Report, keys_in_order, lint_tables
from opsbridge.tables.load import all_api_names, all_core_names, load_api
from opsbridge.tables.port_load import all_port_tables
from opsbridge.tables.schema import ApiTable
from opsbridge.tables.signatures import SignatureReport, compare_with_installed, resolve

NMS = "torchvision/nms.toml"
MASK = "mindspore/NMSWithMask.toml"
BATCHED = "torchvision/batched_nms.toml"
NMS_CORE = "core/nms.toml"
ROI_CORE = "core/roi_align.toml"


@pytest.fixture(autouse=True)
def _no_frameworks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """No framework is there, so that the rules are tested alone; tests of signatures are marked."""
    if "frameworks" not in request.fixturenames:
        for name in ("torchvision", "mindspore", "cv2", "onnx", "paddle", "tensorflow"):
            monkeypatch.setitem(sys.modules, name, None)


@pytest.fixture
def frameworks() -> None:
    """Leaves the installed frameworks where they are."""


def messages(root: Path) -> list[str]:
    return lint_tables(root).messages


def table_count() -> int:
    return len(all_core_names()) + len(all_api_names()) + len(all_port_tables())


def keep_only(root: Path, *files: str) -> None:
    """Take all tables away but these."""
    for path in root.glob("*/*.toml"):
        if path.relative_to(root).as_posix() not in files:
            path.unlink()


def test_shipped_tables_are_clean(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tables", "lint"]) == 0
    assert f"{table_count()} tables, 0 findings" in capsys.readouterr().out


def test_findings_are_printed_and_counted(
    tables: Path, edit: Edit, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(NMS, 'stage = "call"', 'stage = "late"')
    assert main(["tables", "lint", str(tables)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert 'mappings/torchvision/nms.toml: params[0].stage is "late"; allowed: init, call' in lines
    assert re.fullmatch(r"\d+ tables, \d+ findings", lines[-1])


def test_folder_without_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tables", "lint", str(tmp_path)]) == 2
    assert capsys.readouterr().err == (
        f"opsbridge tables: {tmp_path}: there are no tables in this folder\n"
    )


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (NMS, 'en = "Keep the boxes', 'en = "保留 the boxes', "text.en has Chinese characters"),
        (NMS_CORE, 'text = { en = "boxes"', 'text = { en = " "', "slots[0].text.en is empty"),
        (NMS_CORE, 'zh = "边界框"', 'zh = ""', "slots[0].text.zh is empty"),
        (
            NMS,
            'version = "0.29.2", ',
            "",
            "behaviour[0].evidence.version is missing; evidence is probed",
        ),
        (
            NMS,
            ', platform = "cpu" }',
            " }",
            "behaviour[0].evidence.platform is missing; evidence is probed",
        ),
        (
            NMS,
            'kind = "probed"',
            'kind = "assumed"',
            "behaviour[0].evidence.note is missing; evidence is assumed",
        ),
        (
            MASK,
            '"https://www.mindspore.cn/docs/en/r2.4.10/api_python/ops/'
            'mindspore.ops.NMSWithMask.html", date',
            '"", date',
            "limits[0].evidence.link is missing; evidence is documented",
        ),
        (
            MASK,
            'date = "2026-11-20"',
            'date = ""',
            "limits[0].evidence.date is missing; evidence is documented",
        ),
        (
            MASK,
            'date = "2026-11-20"',
            'date = "soon"',
            "limits[0].evidence.date is soon; expected year-month-day",
        ),
        (
            MASK,
            'date = "2026-11-20"',
            'date = "2026-11-20 or so"',
            "limits[0].evidence.date is 2026-11-20 or so; expected year-month-day",
        ),
        (
            MASK,
            'id = "infinite-score"',
            'id = "nan-score"',
            "deviations use the id nan-score 2 times",
        ),
        (
            MASK,
            'id = "nan-score"',
            'id = "NaN score"',
            "deviations have the id NaN score; expected words-joined-by-hyphens",
        ),
        (
            NMS,
            'dtypes = ["float16"',
            'dtypes = ["half"',
            'params[0].dtypes[0] is "half"; allowed: bool, uint8, uint16, int8, int16, int32, '
            "int64, float16, bfloat16, float32, float64",
        ),
        (
            NMS,
            'cpu = ["float32", "float64"]',
            'cpu = ["float16", "float32", "float64"]',
            "params[0].dtypes_on.cpu does not narrow dtypes",
        ),
        (
            NMS,
            'device = "cuda"\ndtypes = ["float16", "float32"]',
            'device = "cuda"\ndtypes = ["float16"]',
            "behaviour on cuda lacks that of float32",
        ),
        (NMS, "import nms", "import box", "example does not import nms from opsbridge.torchvision"),
        (
            NMS,
            "from opsbridge.torchvision",
            "from torchvision",
            "example does not import nms from opsbridge.torchvision",
        ),
        (NMS, "array([0, 2])\n", "", "example ends without an output"),
        (NMS, "array([0, 2])\n", "... # and so on\n", "example ends without an output"),
        (
            NMS,
            'stage = "call"\ntypes = ["tensor"]',
            'types = ["tensor"]\nstage = "call"',
            "params[0].types is out of order; expected name, stage, types, converter, fills, "
            "required, shape, dtypes, dtypes_on, errors",
        ),
        (
            NMS,
            'core = "nms"\nform',
            'form = "function"\ncore = "nms"\n#',
            "form is out of order; expected name, framework, framework_name, core, form, source, "
            "example, autocast, text, documentation, params, returns, behaviour, errors, "
            "deviations",
        ),
        (
            ROI_CORE,
            "0.875, 5.375",
            "0.75, 5.25",
            "cases[2] (bins-of-one-and-a-half-pixels) does not tell grid apart",
        ),
    ],
)
def test_each_rule_finds_its_fault(
    tables: Path, edit: Edit, file: str, old: str, new: str, message: str
) -> None:
    keep_only(tables, NMS_CORE, ROI_CORE, NMS, MASK)
    edit(file, old, new)
    assert messages(tables) == [f"mappings/{file}: {message}"]


def test_a_difference_needs_a_case(tables: Path, edit: Edit) -> None:
    edit("core/nms.toml", 'axes = ["nan_score"]', 'axes = ["order"]')
    assert messages(tables) == [
        "mappings/core/nms.toml: cases[6] (nan-score) does not tell order apart",
        "mappings/core/nms.toml: cases do not tell drop from first apart, on the axis nan_score",
        "mappings/core/nms.toml: cases do not tell drop from refuse apart, on the axis nan_score",
        "mappings/core/nms.toml: cases do not tell first from refuse apart, on the axis nan_score",
    ]


def test_values_that_no_two_apis_have_need_no_case(tables: Path, edit: Edit) -> None:
    """Once both have the bitonic order, nothing has to tell it from the stable one."""
    keep_only(tables, NMS_CORE, NMS, MASK)
    for case in ("equal-scores", "seventeen-equal-scores", "unsorted-scores"):
        edit("core/nms.toml", f'name = "{case}"\naxes = ["order"]', f'name = "{case}"\naxes = []')
    assert len(messages(tables)) == 1
    edit(NMS, 'order = "stable"', 'order = "bitonic"')
    assert messages(tables) == []


def test_a_broken_core_is_reported_once_for_each_table(tables: Path, edit: Edit) -> None:
    keep_only(tables, NMS_CORE, NMS, MASK)
    edit("core/nms.toml", 'op = "nms"', 'op = "other"')
    found = messages(tables)
    assert [line.partition(": ")[0] for line in found] == [
        "mappings/core/nms.toml",
        "mappings/mindspore/NMSWithMask.toml",
        "mappings/torchvision/nms.toml",
    ]


def test_every_problem_of_every_broken_table_is_a_finding(tables: Path, edit: Edit) -> None:
    ports = ["mindspore/nn.toml", "mindspore/ops.toml"]
    cores = [ROI_CORE, "core/roi_pool.toml"]
    keep_only(tables, NMS_CORE, *cores, NMS, MASK, *ports)
    for file in cores:
        edit(file, 'kind = "tensor"', 'sort = "tensor"')
    for file in (NMS, MASK):
        edit(file, "stage = ", "stages = ")
    for file in ports:
        edit(file, "[[entries]]\nname = ", "[[entries]]\nnames = ")
    slots = "slots[0].sort is not a known key; allowed: name, kind, text, shape, optional"
    stages = "params[0].stages is not a known key; did you mean stage?"
    report = lint_tables(tables)
    assert report.messages == [
        *(
            f"mappings/{file}: {problem}"
            for file in cores
            for problem in (slots, "slots[0].kind is missing; it is required")
        ),
        *(
            f"mappings/{file}: {problem}"
            for file in (MASK, NMS)
            for problem in (stages, "params[0].stage is missing; it is required")
        ),
        *(
            f"mappings/{file}: {problem}"
            for file in ports
            for problem in (
                "entries[0].names is not a known key; did you mean name?",
                "entries[0].name is missing; it is required",
            )
        ),
    ]
    assert report.tables == 7
    assert report.signatures == {}


def test_only_a_folder_with_operators_has_its_keys_in_order(tables: Path, edit: Edit) -> None:
    keep_only(tables, NMS)
    (tables / "core").rmdir()
    edit(NMS, 'stage = "call"\ntypes = ["tensor"]', 'types = ["tensor"]\nstage = "call"')
    assert messages(tables) == []


@pytest.mark.parametrize("name", all_api_names())
@pytest.mark.usefixtures("frameworks")
def test_signature_agrees_with_the_installed_framework(name: str) -> None:
    api = load_api(name)
    package = (api.schema or api.real or api.name).partition(".")[0]
    pytest.importorskip(package, reason=f"compares with the real {package}, which is not installed")
    report = compare_with_installed(api)
    assert (report.reason, report.findings) == ("", ())
    assert report.facts >= len(api.params)


def test_missing_framework_is_reported_as_not_checked(
    tables: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tables", "lint", str(tables)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("torchvision.ops.nms: signature not checked (") for line in lines)
    assert "agreement with installed frameworks: not checked" in lines


def fake_torchvision(monkeypatch: pytest.MonkeyPatch, function: object) -> None:
    """A framework whose nms is this function."""
    package = ModuleType("torchvision")
    package.ops = ModuleType("torchvision.ops")  # type: ignore[attr-defined]
    package.ops.nms = function
    monkeypatch.setitem(sys.modules, "torchvision", package)


def test_facts_of_a_changed_signature_are_found(
    tables: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def nms(boxes: object, points: object, iou_threshold: float = 0.5, top: int = 1) -> None: ...

    fake_torchvision(monkeypatch, nms)
    report = compare_with_installed(load_api("torchvision.ops.nms"))
    assert [f"{finding.key} {finding.message}" for finding in report.findings] == [
        "params[1].name is scores; the real API has points there",
        "params[2].default is none (required); the real API has 0.5",
        "params lack top, which the real API has",
    ]
    assert main(["tables", "lint", str(tables)]) == 1
    assert "torchvision.ops.nms: 7 of 10 facts of the signature agree" in capsys.readouterr().out


def test_a_shorter_signature_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def nms(boxes: object, scores: object, /) -> None: ...

    fake_torchvision(monkeypatch, nms)
    report = compare_with_installed(load_api("torchvision.ops.nms"))
    assert [finding.key for finding in report.findings] == [
        "params[0].positional_only",
        "params[1].positional_only",
        "params[2].name",
    ]


def test_inputs_by_position_are_checked_where_the_call_takes_anything(
    monkeypatch: pytest.MonkeyPatch, tables: Path, edit: Edit
) -> None:
    class NMSWithMask:
        def __init__(self, iou_threshold: float = 0.5) -> None: ...

        def __call__(self, *args: object) -> None: ...

    package = ModuleType("mindspore")
    package.ops = ModuleType("mindspore.ops")  # type: ignore[attr-defined]
    package.ops.NMSWithMask = NMSWithMask
    monkeypatch.setitem(sys.modules, "mindspore", package)
    assert not compare_with_installed(load_api("mindspore/NMSWithMask")).findings
    edit(MASK, "positional_only = true\n", "")
    report = compare_with_installed(load_api("mindspore/NMSWithMask", tables))
    assert [finding.key for finding in report.findings] == ["params[1].positional_only"]


def test_a_framework_that_breaks_on_import_is_not_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(name: str) -> None:
        raise RuntimeError("operator torchvision::nms does not exist\nmore")

    monkeypatch.setattr("importlib.import_module", broken)
    report = compare_with_installed(load_api("torchvision.ops.nms"))
    assert report.reason == "RuntimeError: operator torchvision::nms does not exist"


def test_an_attribute_goes_before_a_module_of_its_name() -> None:
    assert resolve("os.path.join").__name__ == "join"
    assert resolve("xml.etree.ElementTree").__name__ == "xml.etree.ElementTree"


def test_the_share_that_agrees_is_of_the_facts_of_all_apis(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    signatures = {
        "one": SignatureReport(facts=4, findings=(Finding("name", "is another"),)),
        "two": SignatureReport(reason="not installed"),
        "three": SignatureReport(facts=6),
    }
    report = Report(tables=3, signatures=signatures)
    monkeypatch.setattr("opsbridge.tables.command.lint_tables", lambda root: report)
    assert main(["tables", "lint"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "one: 3 of 4 facts of the signature agree",
        "two: signature not checked (not installed)",
        "three: 6 of 6 facts of the signature agree",
        "agreement with installed frameworks: 90.0 %",
        "3 tables, 0 findings",
    ]


def test_a_key_out_of_order_is_named_wherever_it_lies() -> None:
    raw = {"deviations": [{}, {"id": "one", "evidence": {"version": "1", "kind": "probed"}}]}
    (found,) = keys_in_order(ApiTable, raw)
    assert found == Finding(
        "deviations[1].evidence.version", "is out of order; expected kind, version"
    )
