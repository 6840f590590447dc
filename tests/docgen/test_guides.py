"""The written guides of the site: both languages have the same, and what they show is true."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

from opsbridge import cli

GUIDES = Path(__file__).resolve().parents[2] / "docs" / "site"
PAGES = sorted(path.relative_to(GUIDES) for path in GUIDES.glob("*/*.md"))


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of a language in a guide."""
    text = (GUIDES / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


EXAMPLES = [
    pytest.param(block, id=f"{page}-{number}")
    for page in PAGES
    for number, block in enumerate(blocks(page, "python"))
]


def test_both_languages_have_the_same_pages_and_code() -> None:
    english = [page.name for page in PAGES if page.parts[0] == "en"]
    assert english == [page.name for page in PAGES if page.parts[0] == "zh"]
    comment = re.compile(r"  # .*")
    for name in english:
        for language in ("python", "sh"):
            first, second = (blocks(Path(folder, name), language) for folder in ("en", "zh"))
            assert [comment.sub("", b) for b in first] == [comment.sub("", b) for b in second]


@pytest.mark.parametrize("block", EXAMPLES)
def test_an_example_prints_what_it_says(block: str) -> None:
    for name in re.findall(r"^(?:import|from) (\w+)", block, re.MULTILINE):
        if name != "opsbridge":
            pytest.importorskip(name, reason=f"the example imports {name}")
    expected = [line[2:] for line in block.splitlines() if line.startswith("# ")]
    assert expected, "an example that shows no result proves nothing"
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(block, {"__name__": "guide"})
    assert printed.getvalue().splitlines() == expected


def test_the_commands_they_name_exist(capsys: pytest.CaptureFixture[str]) -> None:
    lines = {line for page in PAGES for block in blocks(page, "sh") for line in block.splitlines()}
    shown = [line.split()[1] for line in lines if line.startswith("opsbridge ")]
    assert {"explain", "info", "tables", "docs", "diff", "new-framework"} == set(shown)
    for command in shown:
        with pytest.raises(SystemExit) as ended:
            cli.main([command, "--help"])
        assert ended.value.code == 0
    capsys.readouterr()
