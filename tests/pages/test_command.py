"""`opsbridge doctest`: pages in, verdicts and exit status out."""

from __future__ import annotations

import argparse
import importlib.util
import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

pytest.importorskip("markdown_it", reason="markdown-it-py of opsbridge[docs] parses the pages")
pytest.importorskip("pytest_doctestplus", reason="pytest-doctestplus of opsbridge[docs] compares")

from opsbridge.errors import PageError
from opsbridge.pages import load
from opsbridge.pages.command import add_arguments, run
from opsbridge.pages.json_report import SCHEMA
from opsbridge.pages.report import package_versions

CORPUS = Path(__file__).parent / "corpus"
HAS_MINDSPORE = importlib.util.find_spec("mindspore") is not None


def doctest(*arguments: str | Path) -> int:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return run(parser.parse_args([str(argument) for argument in arguments]))


def statements(path: Path, *options: str) -> list[dict[str, str]]:
    """Run a page and return its statements as JSON tells them."""
    result = path.with_suffix(".json")
    doctest(path, "--json", result, *options)
    (page,) = json.loads(result.read_text(encoding="utf-8"))["pages"]
    found: list[dict[str, str]] = page["statements"]
    return found


def verdicts(path: Path, *options: str) -> list[tuple[str, str]]:
    return [(row["verdict"], row["cause"]) for row in statements(path, *options)]


@pytest.fixture
def page(tmp_path: Path):  # type: ignore[no-untyped-def]
    """Return a function that writes a page around some code."""

    def write(code: str, name: str = "page.md") -> Path:
        path = tmp_path / name
        path.write_text(f"# Differences\n\n## Code Example\n\n```python\n{code}\n```\n")
        return path

    return write


def test_a_true_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert doctest(CORPUS / "two_fences_en.md", "--mindspore", "opsbridge") == 0
    text = capsys.readouterr().out
    assert "1 of 1 pages true; statements: 5 true, 1 documented error" in text
    assert f"numpy {package_versions()['numpy']}" in text


def test_a_wrong_expectation(page, capsys: pytest.CaptureFixture[str]) -> None:  # type: ignore[no-untyped-def]
    path = page("print([1, 2])\n# Out: [1, 3]\nprint('after')\n# after")
    assert doctest(path) == 1
    text = capsys.readouterr().out
    assert "documented: [1, 3]" in text
    assert "printed:    [1, 2]" in text
    assert verdicts(path) == [("differs", ""), ("true", "")]


def test_an_altered_number_of_a_true_page_fails(tmp_path: Path) -> None:
    text = (CORPUS / "two_fences_en.md").read_text(encoding="utf-8")
    for old, new in (("1.5]", "1.53]"), ("# [1 2 3]", "# [1 2 4]"), ("# [1, 2,", "# 1, 2,")):
        assert old in text
        path = tmp_path / "altered.md"
        path.write_text(text.replace(old, new), encoding="utf-8")
        assert doctest(path) == 1


def test_an_error_stops_its_half(page) -> None:  # type: ignore[no-untyped-def]
    assert verdicts(page("x = 1\nx.y\nprint(x)\n# 1")) == [
        ("error", "AttributeError: 'int' object has no attribute 'y'"),
        ("not reached", "an earlier statement of the half stopped it"),
    ]


def test_a_documented_error_must_be_raised(page) -> None:  # type: ignore[no-untyped-def]
    assert verdicts(page("x = 1\nx / 0\n# ZeroDivisionError: division by zero\nprint(x)\n# 1")) == [
        ("documented error", ""),
        ("true", ""),
    ]
    assert verdicts(page("x = 1\nx / 1\n# ZeroDivisionError: division by zero"))[0][0] == "differs"
    assert verdicts(page("x = 1\nx / 0\n# ZeroDivisionError: something else"))[0][0] == "differs"
    assert verdicts(page("x = 1\nx / 0\n# TypeError: division"))[0][0] == "error"


def test_an_error_documented_one_statement_later(page) -> None:  # type: ignore[no-untyped-def]
    code = "x = [1]\ny = x[3]\nprint(y)\n# IndexError: list index out of range"
    assert verdicts(page(code)) == [("documented error", "")]


def test_a_name_left_over_is_no_result(page) -> None:  # type: ignore[no-untyped-def]
    code = (
        "# PyTorch\noutput = [1, 2]\nprint(output)\n# [1, 2]\n\n"
        "# MindSpore\noutput = undefined([1, 2])\nprint(output)\n# [1, 2]"
    )
    assert verdicts(page(code), "--mindspore", "opsbridge") == [
        ("true", ""),
        ("error", "the example does not define it: NameError: name 'undefined' is not defined"),
        ("not reached", "an earlier statement of the half stopped it"),
    ]


def test_what_the_other_half_made_is_made_anew(page) -> None:  # type: ignore[no-untyped-def]
    code = (
        "# PyTorch\nboxes = [1]\nboxes.append(2)\nprint(boxes.pop())\n# 2\n\n"
        "# MindSpore\nprint(boxes)\n# [1, 2]"
    )
    assert verdicts(page(code), "--mindspore", "opsbridge") == [("true", ""), ("true", "")]


def test_a_failing_prelude_names_the_other_half(page) -> None:  # type: ignore[no-untyped-def]
    code = "# PyTorch\nx = 1 / 0\n\n# MindSpore\nprint(x)\n# 1"
    (_, (verdict, cause)) = verdicts(page(code), "--mindspore", "opsbridge")
    assert verdict == "error"
    assert cause == (
        "needs `x = 1 / 0` of line 7, which failed: ZeroDivisionError: division by zero"
        " (the half reads names that the PyTorch half makes)"
    )


def test_a_syntax_error_leaves_the_other_half(page) -> None:  # type: ignore[no-untyped-def]
    code = "# PyTorch\nx = = 1\n\n# MindSpore\nprint(1)\n# 1"
    assert verdicts(page(code), "--mindspore", "opsbridge") == [
        ("error", "SyntaxError: invalid syntax"),
        ("true", ""),
    ]


def test_code_without_end(page) -> None:  # type: ignore[no-untyped-def]
    code = "while True:\n    pass\nprint(1)\n# 1"
    assert verdicts(page(code), "--timeout", "2") == [
        ("error", "stopped after 2 s"),
        ("not reached", "an earlier statement of the half stopped it"),
    ]


def test_code_that_prints_too_much(page) -> None:  # type: ignore[no-untyped-def]
    assert verdicts(page("print('x' * 3_000_000)\n# x"))[0] == (
        "error",
        "printed too much",
    )


def test_code_that_ends_its_process(page) -> None:  # type: ignore[no-untyped-def]
    code = "import os\nprint(1)\n# 1\nos.kill(os.getpid(), 9)\nprint(2)\n# 2"
    assert verdicts(page(code)) == [
        ("true", ""),
        ("error", "the process was ended by signal SIGKILL"),
        ("not reached", "an earlier statement of the half stopped it"),
    ]


def test_a_remark_is_no_output(page) -> None:  # type: ignore[no-untyped-def]
    path = page("rate = [1]\nprint(rate)  # rate\nprint(rate)\n# this prints the rate as a list")
    assert verdicts(path) == []
    assert doctest(path) == 0


def test_outputs_of_several_prints_below_the_last(page) -> None:  # type: ignore[no-untyped-def]
    assert verdicts(page("print(1)\nprint([2])\n# 1\n# [2]")) == [("true", "")]


def test_a_missing_package_is_skipped(page) -> None:  # type: ignore[no-untyped-def]
    code = "import no_such_package_7 as n\nprint(n.x)\n# 1"
    cause = "package no_such_package_7 is not installed"
    assert verdicts(page(code)) == [("skipped", cause), ("skipped", cause)]
    assert doctest(page(code)) == 1  # nothing of the example was checked


def test_what_opsbridge_does_not_cover_is_skipped(page) -> None:  # type: ignore[no-untyped-def]
    code = (
        "# PyTorch\nprint(1)\n# 1\n\n# MindSpore\nfrom mindspore import ops\n"
        "print(ops.NoSuchThing(1))\n# 1"
    )
    path = page(code)
    assert verdicts(path, "--mindspore", "opsbridge") == [
        ("true", ""),
        ("skipped", "not covered: mindspore.ops.NoSuchThing"),
    ]
    assert doctest(path, "--mindspore", "opsbridge") == 0


def test_lost_indentation(tmp_path: Path) -> None:
    path = tmp_path / "flat.md"
    path.write_text(
        "# D ## Code Example ```python # PyTorch for i in range(2): print(i) # 0 # 1"
        " # MindSpore x = 1 print(x) # 1 ```"
    )
    found = verdicts(path, "--mindspore", "opsbridge")
    cause = "the indentation of `for i in range(2):` is lost in the flattened page"
    assert found == [("error", cause), ("true", "")]


@pytest.mark.parametrize(
    ("data", "status", "message"),
    [
        (b"# Differences\n\nText only.\n", 1, "the page has no example"),
        (b"", 1, "the page has no example"),
        (b"\x7fELF\x00\x01", 2, "byte 4 is 0x00"),
        ("# 差异".encode("gb18030"), 2, "byte 2 is 0xb2"),
    ],
)
def test_pages_that_are_none(
    data: bytes, status: int, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "page.md"
    path.write_bytes(data)
    assert doctest(path) == status
    assert message in capsys.readouterr().out


def test_one_bad_page_does_not_stop_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    binary, gone = tmp_path / "binary.md", tmp_path / "gone.md"
    binary.write_bytes(b"\0")
    gone.symlink_to(tmp_path / "nowhere.md")
    assert doctest(binary, CORPUS / "two_fences_en.md", gone) == 2
    text = capsys.readouterr().out
    assert "binary.md: byte 0 is 0x00" in text
    assert "gone.md: cannot be read: it is no regular file" in text
    assert "1 of 3 pages true" in text


def test_a_path_that_matches_nothing_stops_the_run(tmp_path: Path) -> None:
    with pytest.raises(PageError, match=r"none\.md: there is no such file or folder"):
        doctest(CORPUS, tmp_path / "none.md")


def test_a_missing_package_is_told_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(load, "find_spec", lambda name: None if name == "jinja2" else name)
    with pytest.raises(
        PageError, match=r"needs the packages of opsbridge\[docs\]; missing: jinja2"
    ):
        doctest(CORPUS, "--html", tmp_path / "x.html")


def test_a_page_of_ten_megabytes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "page.md"
    path.write_bytes(b"# D\n\n" + b"text \n" * (10 << 20))
    assert doctest(path) == 2
    assert "pages may have at most" in capsys.readouterr().out


def test_an_unclosed_fence_is_a_problem_of_its_page(
    page,
    capsys: pytest.CaptureFixture[str],  # type: ignore[no-untyped-def]
) -> None:
    path = page("print(1)\n# 1")
    path.write_text(path.read_text().removesuffix("```\n"))
    assert doctest(path) == 1
    text = capsys.readouterr().out
    assert "page.md:5: this code fence is never closed" in text
    assert "statements: 1 true" in text


def test_a_folder_with_a_baseline(page, capsys: pytest.CaptureFixture[str]) -> None:  # type: ignore[no-untyped-def]
    path = page("print(1)\n# 2\nprint(3)\n# 3")
    results = path.with_suffix(".json")
    assert doctest(path.parent, "--json", results) == 1
    page("# added\nprint(1)\n# 2\nprint(3)\n# 3")
    assert doctest(path.parent, "--baseline", results) == 0
    page("print(1)\n# 2\nprint(3)\n# 4")
    assert doctest(path.parent, "--baseline", results) == 1
    assert "`print(3)`: differs (was: true)" in capsys.readouterr().out
    with pytest.raises(PageError, match="exclude each other"):
        doctest(path.parent, "--baseline", results, "--update")


def test_quiet_and_verbose(page, capsys: pytest.CaptureFixture[str]) -> None:  # type: ignore[no-untyped-def]
    path = page("print(1)\n# 1")
    doctest(path)
    assert capsys.readouterr().out.startswith(f"{path}  Differences (en): 1 true\n\n")
    doctest(path, "--quiet")
    assert capsys.readouterr().out.startswith("\n")
    doctest(path, "--verbose")
    assert "  1        Python  Python   6     print(1)   true\n" in capsys.readouterr().out


def test_every_form_of_report_of_a_real_run(page) -> None:  # type: ignore[no-untyped-def]
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema validates the report")
    path = page("print(1)\n# 1\nimport no_such_package_7\nprint(2)\n# 2")
    files = [path.with_suffix(suffix) for suffix in (".json", ".xml", ".html")]
    doctest(path, "--json", files[0], "--junit", files[1], "--html", files[2])
    data = json.loads(files[0].read_text(encoding="utf-8"))
    jsonschema.validate(data, json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert data["causes"] == {"package missing": 2}
    assert ElementTree.parse(files[1]).getroot().get("skipped") == "2"
    assert "package no_such_package_7 is not installed" in files[2].read_text(encoding="utf-8")


def test_a_time_limit_must_be_positive(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        doctest("page.md", "--timeout", "0")
    assert raised.value.code == 2
    assert "argument --timeout: is 0; the limit must be a number above 0" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["nms_en_flat.md", "roi_align_zh_flat.md"])
def test_the_seed_pages_are_true_on_every_backend(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torchvision", reason="the PyTorch halves run torchvision")
    path = tmp_path / name
    path.write_bytes((CORPUS / name).read_bytes())
    rows = statements(path)
    backends = ["PyTorch", "opsbridge"]
    if HAS_MINDSPORE:
        backends = ["PyTorch", "MindSpore", "opsbridge", "real against opsbridge"]
    assert [row["backend"] for row in rows] == backends
    assert {row["verdict"] for row in rows} == {"true"}


@pytest.mark.parametrize(
    ("name", "old", "new", "wrong"),
    [
        ("nms_en_flat.md", "tensor([0, 2, 3])", "tensor([0, 2, 4])", {"PyTorch"}),
        ("nms_en_flat.md", "[True False True True]", "[True True True True]", {"opsbridge"}),
        ("roi_align_zh_flat.md", "3.0333, 3.3667", "3.0333, 3.4341", {"PyTorch"}),
        ("roi_align_zh_flat.md", "3.0333335]", "3.0940002]", {"opsbridge"}),
    ],
)
def test_an_altered_seed_page_is_false(
    name: str, old: str, new: str, wrong: set[str], tmp_path: Path
) -> None:
    pytest.importorskip("torchvision", reason="the PyTorch halves run torchvision")
    text = (CORPUS / name).read_text(encoding="utf-8")
    assert text.count(old) == 1
    path = tmp_path / name
    path.write_text(text.replace(old, new), encoding="utf-8")
    rows = statements(path, "--mindspore", "opsbridge")
    assert {row["backend"] for row in rows if row["verdict"] == "differs"} == wrong
    assert all(row["verdict"] == "true" for row in rows if row["backend"] not in wrong)
