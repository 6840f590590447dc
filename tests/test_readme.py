"""What the README shows is true: its examples print what it says, its commands are those of CI."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from opsbridge import cli

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def statements_and_output(block: str) -> tuple[str, list[str]]:
    """The code, and the comments below its prints, which say what they print."""
    lines = block.splitlines()
    return block, [line.removeprefix("#").removeprefix(" ") for line in lines if line[:1] == "#"]


def frameworks_of(block: str) -> list[str]:
    """The packages that a block imports, besides opsbridge."""
    names = re.findall(r"^(?:import|from) (\w+)", block, re.MULTILINE)
    return [name for name in names if name != "opsbridge"]


@pytest.mark.parametrize("block", blocks("python"), ids=lambda block: block.splitlines()[0])
def test_an_example_prints_what_it_says(block: str) -> None:
    for name in frameworks_of(block):
        pytest.importorskip(name, reason=f"the README's example imports {name}")
    code, expected = statements_and_output(block)
    assert expected, "an example that shows no result proves nothing"
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, {"__name__": "readme"})
    assert printed.getvalue().splitlines() == expected


def test_there_is_an_example_each_way() -> None:
    examples = blocks("python")
    assert any("opsbridge.mindspore" in each and "import torch" in each for each in examples)
    assert any("opsbridge.torchvision" in each and "import mindspore" in each for each in examples)


def commands() -> list[str]:
    """The shell commands of the README, in order."""
    return [line for block in blocks("(?:sh|bash|console)") for line in block.splitlines() if line]


def test_there_are_two_commands_to_set_up() -> None:
    assert len(commands()) == 2


def test_ci_runs_the_test_command() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert commands()[1] in script


def test_the_pages_of_the_main_job_are_there() -> None:
    words = shlex.split(commands()[0])
    pages = words[words.index("doctest") + 1 :]
    assert pages
    for page in pages:
        assert (ROOT / page).is_file(), page


def shown_commands() -> list[str]:
    """The commands of opsbridge that the README's table names."""
    return re.findall(r"^\| `opsbridge ([\w-]+)", README, re.MULTILINE)


def test_the_commands_it_names_exist(capsys: pytest.CaptureFixture[Any]) -> None:
    assert set(shown_commands()) == set(cli._COMMANDS)
    for command in shown_commands():
        with pytest.raises(SystemExit) as ended:
            cli.main([command, "--help"])
        assert ended.value.code == 0
    capsys.readouterr()


def test_its_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README)
    for link in links:
        assert "://" in link or (ROOT / link).exists(), link
