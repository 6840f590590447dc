"""Pages that mean harm to `opsbridge doctest` and `pages lint`: refused, contained, shown as text.

Their code runs, in a child process and nowhere else: it ends in time, leaves nothing behind and
does not hide what else is wrong. What they say is text wherever it is shown.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
import tracemalloc
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

pytest.importorskip("markdown_it", reason="markdown-it-py of opsbridge[docs] parses the pages")
pytest.importorskip("pytest_doctestplus", reason="pytest-doctestplus of opsbridge[docs] compares")

from opsbridge import cli
from opsbridge.errors import PageError
from opsbridge.pages.launch import Launcher
from opsbridge.pages.load import load_page
from opsbridge.pages.model import Backend
from opsbridge.pages.read import read_page
from opsbridge.pages.run import Job, Limits, Step, run_job
from opsbridge.pages.sandbox import available

SECONDS = 20
"""Of the processor for one page; a parser in trouble takes minutes."""

HEAD = b"# Differences\n\n## Code Example\n\n"
CODE = b"```python\nprint(1)\n# 1\n```\n"
MANY = 40_000

UNREADABLE: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "is empty"),
    "only a mark": (b"\xef\xbb\xbf", "is empty"),
    "a null byte": (HEAD + CODE + b"\0", "is 0x00"),
    "UTF-16": ((HEAD + CODE).decode().encode("utf-16"), "must be UTF-8 text"),
    "half a character": (HEAD + CODE + b"\xe4\xb8", "is 0xe4"),
    "a lonely surrogate": (HEAD + CODE + b"\xed\xa0\x80", "is 0xed"),
    "a character that is too long": (HEAD + b"\xc0\xaf" + CODE, "is 0xc0"),
    "more than a page": (HEAD + CODE + b"x" * (8 << 20), "is too large"),
    "a fence without end": (HEAD + b"```python\nprint(1)\n", "never closed"),
    "a fence of many ticks": (HEAD + b"`" * MANY + b"\nprint(1)\n", "never closed"),
    "a fence within a fence": (HEAD + b"~~~\n```\n~~\n```\n", "never closed"),
    "no code": (HEAD + b"text\n", "no example"),
}

LARGE: dict[str, bytes] = {
    "rows": b"| a | b |\n| --- | --- |\n" + b"| 1 | 2 |\n" * MANY,
    "columns": b"|" + b"a|" * 5_000 + b"\n|" + b"-|" * 5_000 + b"\n|" + b"1|" * 5_000 + b"\n",
    "headings": b"## torch.f\n" * 10_000,
    "quotes in quotes": b">" * MANY + b" x\n",
    "lists in lists": b"".join(b"  " * n + b"- x\n" for n in range(1_000)),
    "numbers of a list": b"9" * MANY + b". x\n",
    "open brackets": b"[" * 20_000 + b"\n",
    "open images": b"![" * 10_000 + b"\n",
    "links in links": b"[a](" * 20_000 + b")" * 20_000 + b"\n",
    "stars": b"*a **b " * 10_000 + b"\n",
    "ticks": b"".join(b"`" * n + b" " for n in range(1, 600)) + b"\n",
    "entities": b"&amp" * MANY + b"\n",
    "comments": b"<!--" * 50_000 + b"\n",
    "definitions": b"".join(b"[%d]: /x\n" % n for n in range(10_000)),
    "escapes": b"\\" * MANY + b"\n",
    "one line": b"x" * (4 << 20) + b"\n",
    "spaces": b" " * (1 << 20) + b"x\n",
    "empty lines": b"\n" * (1 << 18),
    "returns": b"\r" * MANY,
    "fences": b"```python\nx = 1\n```\n" * 1_000,
    "a signature": b"## torch.f\n\n```\ntorch.f(" + b"(" * 50_000 + b"\n```\n",
    "names with dots": b"## " + b"a." * 100_000 + b"b\n",
    "a page of one line": b"# D ## Code Example ```python " + b"x = [1] " * 5_000 + b"```\n",
    "brackets of Python": b"```python\nx = " + b"(" * 100_000 + b"\n```\n",
    "lambdas": b"```python\nx = " + b"lambda: " * 5_000 + b"1\n```\n",
    "a sum": b"```python\nx = 1" + b" + 1" * 20_000 + b"\n```\n",
    "digits": b"```python\nprint(1)\n# " + b"9" * MANY + b"\n```\n",
    "blocks": b"```python\n" + b"".join(b" " * n + b"if 1:\n" for n in range(200)) + b"```\n",
}


@pytest.fixture
def page(tmp_path: Path) -> Callable[..., Path]:
    """A function that writes a page of some code."""

    def write(code: str, name: str = "page.md", title: str = "Differences") -> Path:
        path = tmp_path / name
        text = f"# {title}\n\n## Code Example\n\n```python\n{code}\n```\n"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def doctest(*arguments: str | Path) -> int:
    """The status of a run on what there is without any framework."""
    words = map(str, arguments)
    return cli.main(["doctest", "--mindspore", "opsbridge", "--torch", "real", *words])


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_page_that_is_none(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    contents, said = UNREADABLE[name]
    (tmp_path / "bad.md").write_bytes(contents)
    (tmp_path / "good.md").write_bytes(HEAD + CODE)
    assert doctest(tmp_path) in (1, 2)
    written = capsys.readouterr().out
    assert f"{tmp_path / 'bad.md'}" in written
    assert said in written
    assert "1 of 2 pages true" in written
    assert (tmp_path / "bad.md").read_bytes() == contents


@pytest.mark.parametrize("name", LARGE)
def test_a_page_without_measure_is_read_in_time(name: str, tmp_path: Path) -> None:
    path = tmp_path / "large.md"
    path.write_bytes(HEAD + LARGE[name] + CODE)
    start = time.process_time()
    with contextlib.suppress(PageError):
        read_page(path)
    assert time.process_time() - start < SECONDS


def test_a_page_takes_memory_in_proportion(tmp_path: Path) -> None:
    path = tmp_path / "large.md"
    path.write_bytes(HEAD + LARGE["rows"][: 1 << 17] + b"\n\n" + CODE)
    tracemalloc.start()
    try:
        assert read_page(path).tables
        assert tracemalloc.get_traced_memory()[1] < 128 << 20
    finally:
        tracemalloc.stop()


def test_links_and_pipes_among_pages(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What never ends, and what waits for somebody, is named; no folder is gone through twice."""
    tree, other = tmp_path / "tree", tmp_path / "other"
    for folder in (tree / "sub", other):
        folder.mkdir(parents=True)
    (tree / "good.md").write_bytes(HEAD + CODE)
    (other / "secret.md").write_bytes(HEAD + b"```python\nprint('secret')\n# 1\n```\n")
    (tree / "sub" / "around").symlink_to(tree, target_is_directory=True)
    (tree / "other").symlink_to(other, target_is_directory=True)
    (tree / "same.md").symlink_to(tree / "good.md")
    (tree / "itself.md").symlink_to(tree / "itself.md")
    (tree / "gone.md").symlink_to(tmp_path / "no such file")
    (tree / "zero.md").symlink_to("/dev/zero")
    (tree / "folder.md").mkdir()
    os.mkfifo(tree / "pipe.md")
    assert doctest(tree) == 2
    written = capsys.readouterr().out
    for name in ("itself.md", "gone.md", "zero.md", "pipe.md"):
        assert f"{tree / name}: cannot be read" in written
    assert "secret" not in written
    assert "1 of 5 pages true" in written
    assert load_page(tree / "folder.md")[0].is_unusable


RUNNING: dict[str, tuple[str, str]] = {
    "without end": ("while True: pass", "stopped after"),
    "waiting without end": ("import time\ntime.sleep(10**6)", "stopped after"),
    "waiting for a word": ("print(input())", "EOFError"),
    "printing without end": ("while True: print('x' * 10**6)", "printed too much"),
    "errors without end": (
        "import sys\nwhile True: sys.stderr.write('x' * 10**6)",
        "",
    ),
    "deeper and deeper": ("def f(): return f()\nf()", "RecursionError"),
    "more memory than there is": ("x = bytearray(1 << 44)", "MemoryError"),
    "a signal": ("import os\nos.kill(os.getpid(), 11)", "signal SIGSEGV"),
    "the way out": ("import os\nos._exit(0)", "ended"),
    "a polite way out": ("raise SystemExit(0)", "SystemExit"),
    "its parents": (
        "import os, signal\nfor _ in range(9):\n    try: os.kill(os.getppid(), signal.SIGKILL)\n"
        "    except OSError: pass\nraise KeyError('still there')",
        "",
    ),
    "closed files": ("import os\nos.closerange(0, 1000)\nprint(2)", ""),
    "deaf to signals": (
        "import signal\nfor n in range(1, 32):\n    try: signal.signal(n, signal.SIG_IGN)\n"
        "    except OSError: pass\nwhile True: pass",
        "stopped after",
    ),
    "threads that stay": (
        "import threading, time\nthreading.Thread(target=time.sleep, args=(10**6,)).start()\n"
        "raise KeyError('x')",
        "KeyError",
    ),
    "changed Python": (
        "import builtins, sys\nbuiltins.print = builtins.len = None\nsys.stdout = None\n"
        "sys.modules.clear()\nx = 1",
        "",
    ),
    "a list that is equal to all": (
        "class All(str):\n    def __eq__(self, other): return True\nprint(All())",
        "differs",
    ),
}


@pytest.mark.parametrize("name", RUNNING)
def test_code_of_every_kind_ends_and_hides_nothing(
    name: str, page: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = RUNNING[name]
    bad = page(f"print(7)\n# 7\n{code}\nprint(1)\n# 1 2 3", "bad.md")
    good = page("print(1)\n# 1", "good.md")
    start = time.monotonic()
    status = doctest(bad, good, "--timeout", "2")
    assert time.monotonic() - start < 3 * SECONDS
    written = capsys.readouterr().out
    assert status == 1, written
    assert "1 of 2 pages true" in written
    assert said in written
    assert len(written) < 1 << 16


@pytest.mark.skipif(
    not (available().processes and available().files),
    reason="the system allows no isolation of processes",
)
def test_a_fork_bomb_is_stopped() -> None:
    # Each child sleeps before it forks again: the bomb is stopped, not the machine that tests it.
    bomb = "import os, time\nwhile True:\n    os.fork()\n    time.sleep(0.1)"
    job = Job((bomb,), (Step(0, 1, bomb),), Backend.PYTHON)
    with Launcher() as launcher:
        record = run_job(job, Limits(seconds=20, processes=50), launcher)
    assert record.ended.startswith("stopped: it had started")


@pytest.mark.skipif(not available().files, reason="the system allows no isolation of files")
def test_nothing_is_written_elsewhere(
    page: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "precious").write_text("precious")
    before = sorted(tmp_path.iterdir())
    attempts = (
        f"open({str(tmp_path / 'precious')!r}, 'w')",
        f"os.unlink({str(tmp_path / 'precious')!r})",
        f"os.symlink('/etc/passwd', {str(tmp_path / 'link')!r})",
        f"shutil.rmtree({str(tmp_path)!r})",
        f"os.chmod({str(tmp_path)!r}, 0o777)",
        "open(__file__ if '__file__' in globals() else os.__file__, 'a')",
    )
    tried = "".join(
        f"try: {attempt}\nexcept OSError: pass\nelse: print({number})\n"
        for number, attempt in enumerate(attempts)
    )
    path = page(f"import os, shutil\n{tried}print('done')\n# done")
    assert doctest(path, "--verbose") == 0, capsys.readouterr().out
    assert sorted(tmp_path.iterdir()) == sorted([*before, path])
    assert (tmp_path / "precious").read_text() == "precious"


def test_code_of_a_page_runs_in_no_process_of_ours(page: Callable[..., Path]) -> None:
    code = "import sys, os\nsys.was_here = True\nos.environ['WAS_HERE'] = 'x'\nprint(1)\n# 1"
    assert doctest(page(code)) == 0
    assert not hasattr(sys, "was_here")
    assert "WAS_HERE" not in os.environ


MARKUP = (
    "<script>alert(1)</script>",
    "</pre></code><img src=x onerror=alert(1)>",
    "'\"><svg onload=alert(1)>",
    "]]></failure><testcase name='x'/>",
    "{{ 7 * 7 }}{% include '/etc/passwd' %}",
    "\x1b]0;title\x07\x1b[2J",
    "\u202egnirts",
    "```{include} /etc/passwd",
    ".. raw:: html",
)


class Elements(HTMLParser):
    """The elements of a page, with the handlers among their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: dict[str, int] = {}
        self.handlers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] = self.tags.get(tag, 0) + 1
        self.handlers += [name for name, _ in attrs if name.startswith("on")]


def elements(path: Path) -> Elements:
    found = Elements()
    found.feed(path.read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("markup", MARKUP)
def test_markup_is_text_in_every_report(
    markup: str, page: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The title, a statement, an expectation, an output and an error, all of them markup."""
    pytest.importorskip("jinja2", reason="the report is made with Jinja2 of opsbridge[docs]")

    def reports(text: str, name: str) -> Path:
        said = f"print({text!r})\n# 1\nx = {text!r}\nprint({text!r} + '1')\n# 0{text}\n"
        path = page(f"{said}raise ValueError({text!r})\nprint(3)\n# 3", f"{name}.md", title=text)
        out = tmp_path / name
        out.mkdir()
        kinds = [f"--{kind}={out / f'report.{kind}'}" for kind in ("json", "junit", "html")]
        assert doctest(path, *kinds) == 1
        return out

    plain = elements(reports("plain", "plain") / "report.html")
    capsys.readouterr()
    out = reports(markup, "markup")
    shown = elements(out / "report.html")
    assert shown.tags.keys() <= plain.tags.keys()
    assert shown.tags["script"] == plain.tags["script"]
    assert shown.handlers == plain.handlers
    ElementTree.parse(out / "report.junit")
    assert json.loads((out / "report.json").read_text(encoding="utf-8"))["pages"]
    written = capsys.readouterr()
    shown_to_people = [(out / f"report.{kind}").read_text("utf-8") for kind in ("junit", "html")]
    for text in (written.out, written.err, *shown_to_people):
        assert not set("\x1b\x07\u202e") & set(text)


def test_the_name_of_a_page_is_text(
    page: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "<b>\x1b[2J\u202e&'\".md"
    page("print(1)\n# 2", name)
    junit = tmp_path / "report.xml"
    assert doctest(tmp_path, f"--junit={junit}") == 1
    assert cli.main(["pages", "lint", str(tmp_path)]) in (0, 1)
    written = capsys.readouterr()
    assert "\\x1b[2J\\u202e" in written.out
    assert not {"\x1b", "\u202e"} & set(written.out + written.err)
    assert ElementTree.parse(junit).getroot()[0].get("name", "").endswith("&'\".md")


@pytest.mark.parametrize("name", ["rows", "headings", "a signature", "columns", "open brackets"])
def test_the_linter_takes_little_time(name: str, tmp_path: Path) -> None:
    (tmp_path / "large.md").write_bytes(HEAD + LARGE[name] + CODE)
    start = time.process_time()
    assert cli.main(["pages", "lint", str(tmp_path)]) in (0, 1, 2)
    assert time.process_time() - start < SECONDS


def test_an_output_that_is_written_into_a_page_becomes_no_code(
    page: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """`--update` with an output that would close its fence and open another one."""
    output = "```\n\n## Code Example\n\n```python\nraise SystemExit(9)"
    path = page(f"print({output!r})\n# 1")
    before = read_page(path)
    doctest(path, "--update", "--yes")
    capsys.readouterr()
    after = read_page(path)
    assert [each.source for each in after.statements] == [each.source for each in before.statements]
    assert doctest(path) in (0, 1)


@pytest.mark.parametrize("limit", [1_000, 10_000, 100_000])
def test_nested_code_ends_in_an_error_whatever_the_limit_of_calls(
    limit: int, page: Callable[..., Path]
) -> None:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(limit)
    try:
        read = read_page(page("x = 1" + " + 1" * 5_000))
    finally:
        sys.setrecursionlimit(before)
    (statement,) = read.statements
    assert "RecursionError" in statement.broken
