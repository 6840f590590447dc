"""The command line: exit statuses, and errors as one line that says which command failed."""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from child_process import run_python

from opsbridge import cli, info
from opsbridge.core import native
from opsbridge.errors import NativeLibraryError


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == importlib.metadata.version("opsbridge") + "\n"


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["info", "--nonsense"], ["diff"]], ids=str)
def test_a_command_line_without_sense(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("usage: opsbridge")


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    for command in ("doctest", "diff", "tables", "info"):
        assert f"\n    {command} " in shown


@pytest.mark.parametrize("command", ["doctest", "diff", "tables", "info"])
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([command, "--help"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: opsbridge {command}")


def arguments_of(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """The arguments of a command and of the commands in it."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for each in action.choices.values():
                yield from arguments_of(each)
        else:
            yield action


@pytest.mark.parametrize("command", cli._COMMANDS)
def test_help_says_what_every_argument_is_and_takes(command: str) -> None:
    parser = argparse.ArgumentParser()
    importlib.import_module(cli._COMMANDS[command][0]).add_arguments(parser)
    for action in arguments_of(parser):
        assert action.help, action
        assert action.nargs == 0 or action.choices or action.metavar, action


def test_an_error_is_one_line_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["diff", "torchvision.ops.nms", "torchvision.ops.nmz"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(
        "opsbridge diff: there is no table for the API 'torchvision.ops.nmz'; did you mean "
    )
    assert printed.err.count("\n") == 1


def test_a_page_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["doctest", str(tmp_path / "missing.md")]) == 2
    printed = "".join(capsys.readouterr())
    assert f"{tmp_path / 'missing.md'}: there is no such file or folder" in printed


def test_info_says_what_is_here(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["info"]) == 0
    facts = dict(line.split(": ", 1) for line in capsys.readouterr().out.splitlines())
    assert facts["opsbridge"] == importlib.metadata.version("opsbridge")
    assert facts["Python"] == ".".join(map(str, sys.version_info[:3]))
    assert facts["numpy"] == importlib.metadata.version("numpy")
    assert "torchvision.ops.nms" in facts["APIs"].split(", ")
    assert facts["CPU kernels"].startswith(f"libopsbridge.so, level {native.cpu_level()}, ")


def test_info_says_why_there_are_no_kernels(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing() -> Path:
        raise NativeLibraryError("opsbridge: the compiled kernels are missing: /nowhere")

    monkeypatch.setattr(info, "library_path", missing)
    assert cli.main(["info"]) == 1
    shown = capsys.readouterr().out
    assert "CPU kernels: opsbridge: the compiled kernels are missing: /nowhere\n" in shown


def test_info_does_not_need_the_frameworks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    version = importlib.metadata.version

    def without_torch(package: str) -> str:
        if package == "torch":
            raise importlib.metadata.PackageNotFoundError(package)
        return version(package)

    monkeypatch.setattr(importlib.metadata, "version", without_torch)
    assert cli.main(["info"]) == 0
    assert "\ntorch: not installed\n" in capsys.readouterr().out


def test_the_installed_script_runs() -> None:
    script = shutil.which("opsbridge", path=str(Path(sys.executable).parent))
    assert script, "the package is installed without its command"
    done = subprocess.run([script, "--version"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, importlib.metadata.version("opsbridge") + "\n")


def test_a_closed_pipe_is_no_traceback() -> None:
    code = """
        import os, subprocess, sys
        read, write = os.pipe()
        os.close(read)
        program = "from opsbridge.cli import main; raise SystemExit(main(['info']))"
        command = [sys.executable, "-c", program]
        done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True)
        print(done.stderr)
    """
    assert "Traceback" not in run_python(code).stdout
