"""`opsbridge port`: what it writes, prints and returns, and what it does with hostile input."""

from __future__ import annotations

import codecs
import json
import os
from pathlib import Path

import pytest

pytest.importorskip("libcst", reason="the translator is opsbridge[port]")

from opsbridge import cli
from opsbridge.port.source.files import MAX_SOURCE_BYTES
from opsbridge.port.source.reports import SCHEMA
from opsbridge.port.source.result import Report, Target

MODEL = """\
from mindspore import nn
from mindspore.ops import operations as P


class Net(nn.Cell):
    def __init__(self):
        super().__init__()
        self.concat = P.Concat(axis=1)

    def construct(self, x):
        return self.concat((x, x))
"""
TRANSLATED = """\
import torch


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()

    def forward(self, x):
        return torch.cat((x, x), dim=1)
"""
LEFT = "from mindspore import nn\nlayer = nn.Unheard()\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small project."""
    folder = tmp_path / "project"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "model.py").write_text(MODEL)
    (folder / "src" / "plain.py").write_text("x = 1\n")
    (folder / "requirements.txt").write_text("numpy\nmindspore-gpu>=1.5\n")
    (folder / "weights.bin").write_bytes(bytes(range(256)))
    return folder


def test_a_folder_is_translated_and_everything_else_copied(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert cli.main(["port", str(project), "-o", str(out)]) == 0
    assert (out / "src" / "model.py").read_text() == TRANSLATED
    assert (out / "src" / "plain.py").read_text() == "x = 1\n"
    assert (out / "weights.bin").read_bytes() == bytes(range(256))
    assert (project / "src" / "model.py").read_text() == MODEL
    printed = capsys.readouterr().out
    assert "requirements.txt:2: mindspore-gpu>=1.5 becomes torch" in printed
    assert "2 files, 1 changed; 4 conversion points found, 4 translated (100.00 %)" in printed


def test_a_requirement_becomes_all_that_the_files_import(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "src" / "more.py").write_text(
        "from mindspore import nn, ops\nsuppress = ops.NMSWithMask(0.5)\nsize = nn.Unheard()\n"
    )
    out = tmp_path / "out"
    for target, needed in (
        ("torchvision", "torch, torchvision"),
        ("opsbridge", "torch, opsbridge"),
    ):
        assert cli.main(["port", str(project), "-o", str(out), "--target", target]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert [line for line in lines if line.endswith(f"becomes {needed}")], target


def test_the_mark_of_utf_8_stays_at_the_start(project: Path) -> None:
    source = project / "src" / "model.py"
    source.write_bytes(codecs.BOM_UTF8 + MODEL.encode() + codecs.BOM_UTF8.join([b"#", b"\n"]))
    assert cli.main(["port", str(source), "--in-place", "-q"]) == 0
    written = source.read_bytes()
    assert written.startswith(codecs.BOM_UTF8 + b"import torch\n")
    assert written.count(codecs.BOM_UTF8) == 2


def test_in_place_changes_nothing_twice(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        assert cli.main(["port", str(project), "--in-place", "-q"]) == 0
        assert (project / "src" / "model.py").read_text() == TRANSLATED
    assert "0 changed; 0 conversion points" in capsys.readouterr().out


def test_a_diff_writes_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["port", str(project / "src"), "--diff"]) == 0
    assert (project / "src" / "model.py").read_text() == MODEL
    printed = capsys.readouterr()
    assert "\n-        return self.concat((x, x))\n" in printed.out
    assert "\n+        return torch.cat((x, x), dim=1)\n" in printed.out
    assert "4 conversion points" in printed.err
    assert "\\ No newline" not in printed.out
    (project / "src" / "model.py").write_text(MODEL.removesuffix("\n"))
    assert cli.main(["port", str(project / "src"), "--diff"]) == 0
    assert capsys.readouterr().out.count("\n\\ No newline at end of file\n") == 2


def test_check_counts_what_is_left(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["port", str(project), "--check"]) == 0
    (project / "left.py").write_text(LEFT)
    (project / "broken.py").write_text("import mindspore\nx = = 1\n")
    assert cli.main(["port", str(project), "--check"]) == 2
    assert cli.main(["port", str(project), "--check", "--exclude", "broken.py"]) == 1
    assert cli.main(["port", str(project), "--check", "--exclude", "*e[fn].py"]) == 1
    assert "left.py:2:9: mindspore.nn.Unheard: by hand" in capsys.readouterr().out
    assert (project / "left.py").read_text() == LEFT


def test_a_single_file_to_a_single_file(tmp_path: Path) -> None:
    source, target = tmp_path / "a.py", tmp_path / "b.py"
    source.write_text(MODEL)
    assert cli.main(["port", str(source), "-o", str(target), "-q"]) == 0
    assert target.read_text() == TRANSLATED


def test_several_folders_keep_their_names(project: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "plain.py").write_text("y = 2\n")
    out = tmp_path / "out"
    assert cli.main(["port", str(project), str(other), "-o", str(out), "-q"]) == 0
    assert (out / "project" / "src" / "model.py").read_text() == TRANSLATED
    assert (out / "other" / "plain.py").read_text() == "y = 2\n"


def test_reports(project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "left.py").write_text(LEFT.replace("Unheard", "Un_heard"))
    out = tmp_path / "out"
    arguments = ["port", str(project), "-o", str(out), "--report", "json", "--report"]
    assert cli.main([*arguments, str(tmp_path / "r.md")]) == 0
    data = json.loads((out / "port-report.json").read_text())
    assert data["summary"] == {
        "files": 3, "changed": 2, "found": 5, "translated": 4,
        "exact": 4, "approximate": 0, "by_hand": 1,
    }  # fmt: skip
    (left,) = (file for file in data["files"] if file["path"] == "left.py")
    assert [(p["line"], p["column"], p["name"]) for p in left["points"]] == [
        (2, 9, "mindspore.nn.Un_heard")
    ]
    lines = (tmp_path / "r.md").read_text().splitlines()
    assert lines[0] == "# Translation report"
    assert lines[2].startswith("3 files, 2 changed; 5 conversion points found, 4 translated (80")
    assert any(line.startswith("- left.py:2:9: mindspore.nn.Un_heard: by hand") for line in lines)
    jsonschema = pytest.importorskip("jsonschema", reason="compares with the published schema")
    jsonschema.validate(data, json.loads(SCHEMA.read_text()))


def test_a_report_is_text_that_people_read(tmp_path: Path) -> None:
    source = tmp_path / "网络.py"
    source.write_text(MODEL, "utf-8")
    report = tmp_path / "r.json"
    assert cli.main(["port", str(source), "--in-place", "-q", "--report", str(report)]) == 0
    assert '"path": "网络.py"' in report.read_text("utf-8")


def test_an_html_report_escapes_what_the_source_says(project: Path, tmp_path: Path) -> None:
    pytest.importorskip("jinja2", reason="the HTML report is made with Jinja")
    (project / "<script>.py").write_text(LEFT)
    report = tmp_path / "r.html"
    assert cli.main(["port", str(project), "--check", "--report", str(report)]) == 1
    text = report.read_text()
    assert "&lt;script&gt;.py" in text
    assert "<script>" not in text


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(b"import mindspore\nx = = 1\n", "line 2, column", id="no-python"),
        pytest.param(b"# mindspore\nprint 'two'\n", "line 2, column", id="python-2"),
        pytest.param(b"# mindspore\n\n\xff\xfe\n", "line 3 is not utf-8", id="no-utf-8"),
        pytest.param(b"# coding: unheard\n# mindspore\n", "unknown encoding", id="no-encoding"),
        pytest.param(b"# mindspore\n\0\n", "null character", id="null"),
        pytest.param(b"#" * (MAX_SOURCE_BYTES + 1), "is larger than", id="large"),
        pytest.param(b"#" * MAX_SOURCE_BYTES, None, id="as-large-as-may-be"),
        pytest.param(
            b"import mindspore\nx = " + b"(" * 3000 + b"1" + b")" * 3000, "", id="deep-brackets"
        ),
        pytest.param(b"import mindspore\nx = " + b"-" * 20000 + b"1\n", "", id="deep-operators"),
        pytest.param(b"import mindspore\nx = a" + b".b" * 3000 + b"\n", None, id="long-name"),
    ],
)
def test_hostile_files_are_named_and_copied(
    data: bytes, message: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "in"
    source.mkdir()
    (source / "bad.py").write_bytes(data)
    (source / "good.py").write_text(MODEL)
    out = tmp_path / "out"
    status = cli.main(["port", str(source), "-o", str(out)])
    assert (out / "good.py").read_text() == TRANSLATED
    assert (out / "bad.py").read_bytes() == data
    if message is not None:
        assert status == 1
        assert message in capsys.readouterr().out


def test_links_that_lead_out_are_left(project: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.py"
    secret.write_text(MODEL)
    (project / "link.py").symlink_to(secret)
    (project / "inner.py").symlink_to(project / "src" / "plain.py")
    (project / "loop").symlink_to(project, target_is_directory=True)
    out = tmp_path / "out"
    assert cli.main(["port", str(project), "-o", str(out), "-q"]) == 0
    assert not (out / "link.py").exists()
    assert not (out / "loop").exists()
    assert cli.main(["port", str(project), "--in-place", "-q"]) == 0
    assert secret.read_text() == MODEL


def test_encodings_line_ends_and_modes_stay(tmp_path: Path) -> None:
    source = tmp_path / "a.py"
    text = "# -*- coding: latin-1 -*-\r\n# \u00e9\r\nfrom mindspore import nn\r\nx = nn.Cell\r\n"
    source.write_bytes(text.encode("latin-1"))
    source.chmod(0o750)
    assert cli.main(["port", str(source), "--in-place", "-q"]) == 0
    expected = text.replace("from mindspore import nn", "import torch")
    expected = expected.replace("nn.Cell", "torch.nn.Module")
    assert source.read_bytes() == expected.encode("latin-1")
    assert os.stat(source).st_mode & 0o777 == 0o750


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing", "-o", "out"], "missing: no such file or folder"),
        (["."], "say where to write"),
        ([".", "-o", "."], "is the source itself"),
        ([".", "--check", "--report", "r.txt"], "must end with .html, .json or .md"),
    ],
)
def test_what_cannot_be_carried_out(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["port", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_sources_are_never_imported(tmp_path: Path) -> None:
    trap = tmp_path / "mindspore.py"
    trap.write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nfrom mindspore import nn\n")
    assert cli.main(["port", str(tmp_path), "--in-place", "-q"]) == 0
    assert not (tmp_path / "ran").exists()


def test_of_no_points_there_is_no_share() -> None:
    assert Report(Target.OPSBRIDGE, ()).summary() == (
        "0 files, 0 changed; 0 conversion points found, 0 translated: 0 exact, 0 approximate;"
        " 0 by hand"
    )


def test_a_bare_name_of_a_report_beside_a_single_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.py").write_text(MODEL)
    for output in (["-o", "b.py"], ["--check"], ["--in-place"]):
        assert cli.main(["port", "a.py", *output, "-q", "--report", "json"]) == 0
        assert (tmp_path / "port-report.json").exists()
        (tmp_path / "port-report.json").unlink()


def test_a_diff_hides_nothing_on_a_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Control characters of a source would act on a terminal; a patch has to have them."""
    source = tmp_path / "a.py"
    source.write_text(MODEL.replace("P\n", "P  # \x1b[2J\n", 1))
    for is_terminal, shown in ((False, "P  # \x1b[2J"), (True, "P  # \\x1b[2J")):
        with monkeypatch.context() as patched:
            patched.setattr("sys.stdout.isatty", lambda answer=is_terminal: answer)
            assert cli.main(["port", str(source), "--diff"]) == 0
        assert f"-from mindspore.ops import operations as {shown}\n" in capsys.readouterr().out


def test_a_link_out_of_the_folder_of_results_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out, other = tmp_path / "in", tmp_path / "out", tmp_path / "other"
    for folder in (source / "sub", out, other):
        folder.mkdir(parents=True)
    (source / "sub" / "model.py").write_text(MODEL)
    (out / "sub").symlink_to(other, target_is_directory=True)
    assert cli.main(["port", str(source), "-o", str(out), "-q"]) == 2
    path = out / "sub" / "model.py"
    assert capsys.readouterr().err == (
        f"opsbridge port: {path}: a link leads out of {out}; nothing is written there\n"
    )
