"""`pytest --opsbridge-pages`: one item per documented statement, run in a pytest of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import pytest

pytest.importorskip("markdown_it", reason="markdown-it-py of opsbridge[docs] parses the pages")
pytest.importorskip("pytest_doctestplus", reason="pytest-doctestplus of opsbridge[docs] compares")
pytest.importorskip("sybil", reason="Sybil of opsbridge[docs] collects the pages")

PAGE = """\
# Differences

## Code Example

```python
x = [1, 2]
print(x)
# [1, 2]
print(len(x))
# 3
import no_such_package_7
print(x)
# [1, 2]
```

## Code Example 2

```python
print(1)
# 1
print(y)
print(2)
# 2
```

## Code Example 3

```python
z = 1
z.real = 2
```
"""


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    (tmp_path / "nn").mkdir()
    (tmp_path / "nn" / "page.md").write_text(PAGE, encoding="utf-8")
    (tmp_path / "binary.md").write_bytes(b"\x7fELF\x00")
    (tmp_path / "text.md").write_text("# No example\n", encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    return tmp_path


def run_pytest(
    folder: Path, *arguments: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    plugin = ["-p", "opsbridge.pages.pytest_plugin", "-p", "no:cacheprovider"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *plugin, *arguments],
        cwd=folder,
        # Whatever else is installed, the plugin comes once, by the option above.
        env={
            **os.environ,
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTEST_ADDOPTS": "",
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=120,
    )


def outcomes(docs: Path, *arguments: str) -> dict[str, str]:
    """Return the outcome of every item, by its name."""
    run_pytest(docs, "--opsbridge-pages", "--junit-xml=out.xml", *arguments)
    cases = ElementTree.parse(docs / "out.xml").getroot().iter("testcase")
    return {case.get("name", ""): case[0].tag if len(case) else "passed" for case in cases}


def test_one_item_per_documented_statement(docs: Path) -> None:
    assert outcomes(docs) == {
        "page": "failure",
        "example1-Python-line7": "passed",
        "example1-Python-line9": "failure",
        "example1-Python-line12": "skipped",
        "example2-Python-line19": "passed",
        "example2-Python-line22": "failure",
        "example3-Python-line30-runs": "failure",
    }


def test_failures_and_skips_say_where_and_what(docs: Path) -> None:
    result = run_pytest(docs, "--opsbridge-pages", "-ra")
    assert result.returncode == 1
    out = result.stdout
    assert "documented:\n    3\n\nprinted:\n    2\n\nnn/page.md:9: differs\n" in out
    assert "FAILED nn/page.md::example1-Python-line9 - differs" in out
    stop = "the example does not define it: NameError: name 'y'"
    assert f"nn/page.md:22: not reached: line 21 stopped the half: {stop}" in out
    assert "SKIPPED [1] nn/page.md: package no_such_package_7 is not installed" in out
    assert "byte 4 is 0x00" in out


def test_items_can_be_chosen(docs: Path) -> None:
    assert outcomes(docs, "-k", "line19") == {"example2-Python-line19": "passed"}
    assert outcomes(docs, "nn/page.md::example1-Python-line7") == {
        "example1-Python-line7": "passed"
    }
    assert list(outcomes(docs, "-x", "nn")) == ["example1-Python-line7", "example1-Python-line9"]


def test_a_page_runs_once_for_all_of_its_items(docs: Path) -> None:
    # Each run of the page draws another number; the items of one run agree on it.
    code = "import os\nn = os.urandom(8).hex()\nprint(1)\n# 1\nprint(n)\n# x\nprint(n + '.')\n# x"
    page = docs / "nn" / "page.md"
    page.write_text(f"# D\n\n## Code Example\n\n```python\n{code}\n```\n", encoding="utf-8")
    out = run_pytest(docs, "--opsbridge-pages", "-rs", "nn").stdout
    assert "1 passed, 2 skipped" in out
    assert "random: another run printed something else" in out


def test_workers_share_the_items(docs: Path) -> None:
    pytest.importorskip("xdist", reason="pytest-xdist spreads the items")
    alone = outcomes(docs)
    assert outcomes(docs, "-p", "xdist", "-n", "2", "--dist", "loadfile") == alone


def test_without_the_option_nothing_is_imported_or_collected(docs: Path) -> None:
    (docs / "test_imports.py").write_text(
        "import sys\n"
        "def test_imports():\n"
        "    loaded = {name for name in sys.modules if name.startswith('opsbridge.')}\n"
        "    loaded.discard('opsbridge.by_tables')  # of the package itself\n"
        "    assert loaded == {'opsbridge.pages', 'opsbridge.pages.pytest_plugin'}\n"
        "    assert not {'sybil', 'markdown_it', 'numpy', 'torch'} & set(sys.modules)\n"
    )
    result = run_pytest(docs)
    assert "1 passed" in result.stdout, result.stdout


def test_a_missing_package_is_wrong_use(docs: Path) -> None:
    hide = "import sys, importlib.util as u; f = u.find_spec\n"
    hide += (
        "u.find_spec = lambda name, package=None: None if name == 'sybil' else f(name, package)\n"
    )
    (docs / "hide_sybil.py").write_text(hide)
    result = run_pytest(docs, "-p", "hide_sybil", "--opsbridge-pages", PYTHONPATH=str(docs))
    assert result.returncode == 4
    assert (
        "--opsbridge-pages needs the packages of opsbridge[docs]; missing: sybil" in result.stderr
    )


def test_pytest_finds_the_plugin_by_itself() -> None:
    project = Path(__file__).resolve().parents[2] / "pyproject.toml"
    entries = tomllib.loads(project.read_text(encoding="utf-8"))["project"]["entry-points"]
    assert entries["pytest11"] == {"opsbridge": "opsbridge.pages.pytest_plugin"}
