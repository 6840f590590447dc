"""The progress bar: on a terminal, and only there."""

from __future__ import annotations

import contextlib
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("markdown_it", reason="markdown-it-py of opsbridge[docs] parses the pages")
pytest.importorskip("pytest_doctestplus", reason="pytest-doctestplus of opsbridge[docs] compares")
pytest.importorskip("rich", reason="rich of opsbridge[docs] draws the bar")


def seen_on_terminal(page: Path, *options: str, **environment: str) -> tuple[str, str]:
    """Run a page with a terminal as standard error; return what came there and on the output."""
    variables = {key: value for key, value in os.environ.items() if key != "CI"}
    terminal, slave = pty.openpty()
    try:
        result = subprocess.run(
            [sys.executable, "-m", "opsbridge", "doctest", str(page), *options],
            stdout=subprocess.PIPE,
            stderr=slave,
            text=True,
            env={**variables, "TERM": "xterm", "COLUMNS": "120", **environment},
            timeout=120,
        )
    finally:
        os.close(slave)
    seen = b""
    with contextlib.suppress(OSError), os.fdopen(terminal, "rb", buffering=0) as stream:
        while data := stream.read(1 << 16):
            seen += data
    return seen.decode(), result.stdout


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "slow.md"
    code = "import time\ntime.sleep(0.5)\nprint(1)\n# 1"
    path.write_text(f"# D\n\n## Code Example\n\n```python\n{code}\n```\n", encoding="utf-8")
    return path


def test_a_terminal_shows_page_statement_and_time(page: Path) -> None:
    seen, output = seen_on_terminal(page)
    assert "slow.md" in seen
    assert "time.sleep(0.5)" in seen
    assert "0:00:00" in seen
    assert output.startswith(f"{page}  D (en): 1 true\n")


@pytest.mark.parametrize(
    ("options", "environment"), [((), {"CI": "true"}), (("--quiet",), {}), ((), {"TERM": "dumb"})]
)
def test_otherwise_nothing_moves(
    page: Path, options: tuple[str, ...], environment: dict[str, str]
) -> None:
    seen, output = seen_on_terminal(page, *options, **environment)
    assert seen == ""
    assert "1 of 1 pages true" in output
