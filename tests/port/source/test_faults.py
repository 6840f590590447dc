"""Files, terminals and installations that do not do what a translation wants of them."""

from __future__ import annotations

import errno
import io
import os
import sys
import warnings
from pathlib import Path, PurePath

import pytest

pytest.importorskip("libcst", reason="the translator is opsbridge[port]")

from opsbridge import cli
from opsbridge.errors import PortError
from opsbridge.port.source import command
from opsbridge.port.source import translate as translation
from opsbridge.port.source.files import SourceFile, read_bytes, read_source, write_file
from opsbridge.port.source.parse import check_readable
from opsbridge.port.source.progress import progress_bar
from opsbridge.port.source.translate import translate_text

MODEL = "from mindspore import nn\nx = nn.Cell\n"


@pytest.mark.parametrize("read", [read_source, read_bytes])
def test_a_file_that_is_gone(read: object, tmp_path: Path) -> None:
    assert callable(read)
    with pytest.raises(PortError, match=r"gone\.py: cannot be read: No such file"):
        read(tmp_path / "gone.py")


def test_a_file_that_cannot_be_replaced_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "model.py").mkdir()
    with pytest.raises(PortError, match=r"model\.py: cannot be written: Is a directory"):
        write_file(tmp_path / "model.py", b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["model.py"]


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "model.py"
    source.write_text(MODEL)

    def full(name: str, path: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "replace", full)
    assert cli.main(["port", str(source), "--in-place", "-q"]) == 2
    assert source.read_text() == MODEL
    assert [path.name for path in tmp_path.iterdir()] == ["model.py"]


def test_a_requirements_file_that_is_no_text_is_copied(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    (source / "model.py").write_text(MODEL)
    (source / "requirements.txt").write_bytes(b"mindspore\n\xff\n")
    (source / "requirements-dev.txt").write_text("mindspore\n")
    assert cli.main(["port", str(source), "-o", str(out)]) == 0
    assert (out / "requirements.txt").read_bytes() == b"mindspore\n\xff\n"
    printed = capsys.readouterr().out
    assert "requirements-dev.txt:1: mindspore becomes torch" in printed
    assert "requirements.txt:" not in printed


def test_a_file_that_changes_meanwhile_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "model.py"
    source.write_text(MODEL)
    advice_on = command.advice_on

    def changed(*arguments: object) -> object:
        source.write_text(MODEL + "y = 1\n")
        return advice_on(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(command, "advice_on", changed)
    assert cli.main(["port", str(source), "--in-place", "-q"]) == 2
    assert "has changed since it was read" in capsys.readouterr().err
    assert source.read_text() == MODEL + "y = 1\n"


def test_two_sources_for_one_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.py").write_text(MODEL)
    sources = [str(tmp_path / name / "model.py") for name in ("a", "b")]
    assert cli.main(["port", *sources, "-o", str(tmp_path / "out")]) == 2
    assert "two sources would be written to model.py" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("module", "arguments", "message"),
    [
        ("libcst", ["--check"], "libcst is not installed; it comes with opsbridge[port]"),
        ("jinja2", ["--check", "--report", "r.html"], "an HTML report needs Jinja2"),
    ],
)
def test_a_package_that_is_not_installed(
    module: str,
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, module, None)
    Path("model.py").write_text(MODEL)
    assert cli.main(["port", "model.py", *arguments]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("import mindspore\nnonlocal x\n", "cannot be parsed: NotImplementedError"),
        ("import mindspore\nx = '\ud800'\n", "surrogates not allowed"),
        ("x = a" + ".b" * 1200, "nested more than 1000 levels deep"),
    ],
    ids=["nonlocal", "surrogate", "deep"],
)
def test_what_cannot_be_parsed(source: str, message: str) -> None:
    with pytest.raises(PortError, match=message):
        translate_text(source)


def test_a_translation_that_is_no_python_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(translation, "apply", lambda plan, removed: "x = = 1\n")
    with pytest.raises(PortError, match="the translation is no Python"):
        translate_text(MODEL)
    source = tmp_path / "model.py"
    source.write_text(MODEL)
    assert cli.main(["port", str(source), "--in-place", "-q"]) == 1
    assert source.read_text() == MODEL


class Terminal(io.StringIO):
    """Standard error as a terminal."""

    def isatty(self) -> bool:
        """Yes."""
        return True


def test_a_terminal_shows_the_file_at_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("rich", reason="the bar is drawn by rich")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("CI", raising=False)
    with progress_bar(2, quiet=False) as tick:
        tick("some/model.py")
    assert "some/model.py" in terminal.getvalue()
    seen = len(terminal.getvalue())
    with progress_bar(2, quiet=True) as tick:
        tick("other/model.py")
    assert len(terminal.getvalue()) == seen


def test_a_file_that_names_nothing_of_mindspore_is_not_even_parsed(tmp_path: Path) -> None:
    path = tmp_path / "plain.py"
    path.write_text("x = = 1\n")
    files = [SourceFile(path, PurePath("plain.py"))]
    (result,) = translation.translate(files, command.Target.OPSBRIDGE)
    assert (result.problem, result.is_changed) == ("", False)


def test_a_file_may_be_as_deep_as_is_said() -> None:
    deepest = f"x = {'-' * 997}1"  # a module, an assignment, signs and a number
    check_readable(deepest, PurePath("net.py"))
    with pytest.raises(PortError, match=r"^net\.py: is nested more than 1000 levels deep$"):
        check_readable(deepest.replace("1", "-1"), PurePath("net.py"))


def test_nothing_is_said_of_odd_escapes(tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    path.write_text(MODEL + "pattern = '\\d'\n")
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        translation.translate([SourceFile(path, PurePath("model.py"))], command.Target.OPSBRIDGE)
    assert said == []
