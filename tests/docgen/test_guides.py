"""The written guides: both languages have the same code, and all of it is run.

Python blocks of a guide run one after another as one file, so later ones may use earlier ones; the
comments below a print are what it prints. Shell blocks are run by bash in a folder that has what
the guides speak of; installers and remote tools are stand-ins that check what they are asked for.
"""

from __future__ import annotations

import ast
import configparser
import os
import re
import shutil
import subprocess
import sys
import textwrap
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from child_process import python_output

from opsbridge.docgen.site.guides import guide_names, twin_of

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(
    path.relative_to(DOCS)
    for pattern in ("*.md", "zh/*.md", "site/*/*.md")
    for path in DOCS.glob(pattern)
)
# Statements about a reader's own project: only their arguments are checked.
ABOUT_A_PROJECT = ("port", "convert-checkpoint", "compare")
DETECTOR = ROOT / "examples" / "faster_rcnn"
# What the detector's guide has done before its Python code, without MindSpore's ten steps.
DETECTOR_STEPS = (
    "train.py --steps 0 --checkpoint small_rcnn.ckpt",
    "-m opsbridge port small_rcnn network.py -o ported --quiet",
    "-m opsbridge convert-checkpoint small_rcnn.ckpt -o small_rcnn.pth"
    " --model ported/network.py:build",
)
PAGE = """# Differences with torch.abs

## Code Example

```python
# PyTorch
print(abs(-1))
# 1

# MindSpore
print(abs(-2))
# 2
```
"""


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of a language in a guide."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def in_full(page: Path) -> str:
    """The text of a guide, a Chinese one with the figures that it shares with the English one."""
    twin = twin_of(page.stem) if page.parts[0] == "zh" else None
    return twin[0] if twin else (DOCS / page).read_text(encoding="utf-8")


def twins() -> Iterator[tuple[Path, Path]]:
    """The English and the Chinese file of every guide that has both."""
    for page in PAGES:
        folder = page.parts[:-1]
        other = {(): Path("zh"), ("site", "en"): Path("site", "zh")}.get(folder)
        if other is not None and (DOCS / other / page.name).is_file():
            yield page, other / page.name


def outputs(code: str) -> list[str]:
    """What a block says it prints: the comments right below its prints."""
    lines, found = code.splitlines(), []
    ends = {
        statement.end_lineno
        for statement in ast.parse(code).body
        if any(isinstance(n, ast.Name) and n.id == "print" for n in ast.walk(statement))
    }
    for end in sorted(filter(None, ends)):
        for line in lines[end:]:
            if not line.startswith("#"):
                break
            found.append(line[2:])
    return found


def test_the_pages_of_the_site_are_there_in_both_languages() -> None:
    names = [[p.name for p in PAGES if p.parts[:2] == ("site", each)] for each in ("en", "zh")]
    assert names[0] == names[1]
    assert "index.md" in names[0]


def test_every_guide_has_a_chinese_twin() -> None:
    """Where the English text is newer than what one translates, its page on the site says so."""
    assert [name for name in guide_names() if twin_of(name) is None] == []


@pytest.mark.parametrize("pair", list(twins()), ids=lambda pair: str(pair[0]))
def test_both_languages_have_the_same_code_and_headings(pair: tuple[Path, Path]) -> None:
    comment = re.compile(r" +# .*")
    for language in ("python", "sh", "yaml", "text"):
        first, second = (blocks(page, language) for page in pair)
        assert [comment.sub("", b) for b in first] == [comment.sub("", b) for b in second]
    levels = [
        re.findall(r"^(#+) ", re.sub(r"(?ms)^```.*?^```$", "", in_full(page)), re.M)
        for page in pair
    ]
    assert levels[0] == levels[1]


NEEDED_BY = {"opsbridge.port": "libcst", "as_mindspore": "torch"}

# The code of their twins is the same.
ENGLISH = [page for page in PAGES if "zh" not in page.parts]


@pytest.mark.parametrize("page", [page for page in ENGLISH if blocks(page, "python")], ids=str)
def test_the_code_of_a_guide_prints_what_it_says(page: Path, tmp_path: Path) -> None:
    code = "\n".join(blocks(page, "python"))
    detector = "small_rcnn" in code
    own = {"opsbridge", *(("small_rcnn", "network") if detector else ())}
    for name in re.findall(r"^ *(?:import|from) (\w+)", code, re.MULTILINE):
        if name not in own:
            pytest.importorskip(name, reason=f"the guide's example imports {name}")
    for part, library in NEEDED_BY.items():
        if part in code:
            pytest.importorskip(library, reason=f"{part} needs {library}")
    expected = outputs(code)
    assert expected, "examples that show no result prove nothing"
    file = tmp_path / "guide.py"
    file.write_text(code, encoding="utf-8")
    environment = prepare_detector(tmp_path) if detector else {}
    run = f"import runpy; runpy.run_path({str(file)!r}, run_name='__main__')"
    printed = python_output(f"import os; os.chdir({str(tmp_path)!r}); {run}", **environment)
    assert printed.splitlines() == expected


def prepare_detector(folder: Path) -> dict[str, str]:
    """Real MindSpore's checkpoint, the translation and its weights in a folder; where to run."""
    pytest.importorskip("mindspore", reason="saves the guide's checkpoint")
    pytest.importorskip("libcst", reason="translates the guide's detector")
    shutil.copytree(DETECTOR, folder, dirs_exist_ok=True)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
    for step in DETECTOR_STEPS:
        done = subprocess.run(
            [sys.executable, *step.split()],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    return {"PYTHONPATH": str(folder / "ported"), "OMP_NUM_THREADS": "1"}


def stand_in(folder: Path, name: str, code: str) -> None:
    """A Python program of this name."""
    path = folder / name
    path.write_text(f"#!{sys.executable}\nimport sys\n{textwrap.dedent(code)}", encoding="utf-8")
    path.chmod(0o755)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a difference page, a checkout's tox.ini and the programs that guides name."""
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    page = tmp_path / "docs" / "api_mapping" / "abs.md"
    page.parent.mkdir(parents=True)
    page.write_text(PAGE, encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = sorted(project["optional-dependencies"])
    stand_in(
        programs,
        "pip",
        f"""
        import re
        asked = re.search(r"\\[(.*)\\]", " ".join(sys.argv))
        unknown = set(asked[1].split(",") if asked else ()) - set({extras})
        sys.exit(f"no extras {{unknown}}" if unknown else 0)
    """,
    )
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(ROOT / "tox.ini")
    named = [name.removeprefix("testenv:") for name in tox.sections()]
    stand_in(
        programs,
        "tox",
        f"""
        sys.exit(0 if sys.argv[1:3] == ["run", "-e"] and sys.argv[3] in {named} else 1)
    """,
    )
    stand_in(programs, "git", 'print("docs/api_mapping/abs.md")')
    stand_in(programs, "python3.11", "sys.exit(sys.argv[1:3] != ['-m', 'venv'])")
    shutil.copytree(DETECTOR, tmp_path / "examples" / "faster_rcnn")
    stand_in(
        programs,
        "python",
        """
        import pathlib
        words = sys.argv[1:]
        if words[:3] == ["-m", "opsbridge.mindspore", "run"]:
            words = words[3:]
        source = pathlib.Path(words[0]).read_text()
        sys.exit(any(f'"{word}"' not in source for word in words if word.startswith("--")))
    """,
    )
    stand_in(programs, "pytest", "import pytest; sys.exit(pytest.console_main())")
    stand_in(
        programs,
        "opsbridge",
        f"""
        import importlib
        from opsbridge import cli
        command = sys.argv[1]
        if command in {ABOUT_A_PROJECT} and command in cli._COMMANDS:
            importlib.import_module(cli._COMMANDS[command][0]).run = lambda arguments: 0
        sys.exit(cli.main())
    """,
    )
    return tmp_path


# Commands that CI runs by themselves: tox -e all and tox -e docs.
ELSEWHERE = re.compile(r"^opsbridge (docs (build|record)|tables lint|info)$", re.MULTILINE)
BASELINE = "docs/api_mapping/doctest-baseline.json"
SHELL = [
    pytest.param(block, id=f"{page}-{number}")
    for page in ENGLISH
    for number, block in enumerate(blocks(page, "sh"))
]


@pytest.mark.parametrize("block", SHELL)
def test_the_commands_of_a_guide_run(block: str, project: Path) -> None:
    if "doctest" in block or "--opsbridge-pages" in block:
        pytest.importorskip("sybil", reason="pages are run with opsbridge[docs]")
    if "-n 4" in block:
        pytest.importorskip("xdist", reason="the guide runs pytest-xdist")
    programs = project / ".venv" / "bin"
    code = ELSEWHERE.sub("", block)
    if f"--baseline {BASELINE}" in code and f"--json {BASELINE}" not in code:
        code = f"opsbridge doctest docs/api_mapping --quiet --json {BASELINE}\n{code}"
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", code],
        cwd=project,
        env={**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "CI": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
