"""The forms of a report: terminal, JSON, JUnit XML and HTML."""

from __future__ import annotations

import json
import re
import typing
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from fake_run import HOSTILE, fake_run, page, row

from opsbridge.errors import PageError
from opsbridge.pages.html_report import as_html
from opsbridge.pages.json_report import SCHEMA, as_data, read_pages, write_json
from opsbridge.pages.junit import as_junit
from opsbridge.pages.model import Backend, Cause, Framework, Verdict
from opsbridge.pages.report import PageReport, RunReport
from opsbridge.pages.terminal import page_lines, summary_lines

FALSE = {Verdict.DIFFERS, Verdict.ERROR, Verdict.NOT_REACHED}


@pytest.mark.parametrize("verdict", list(Verdict))
def test_which_verdicts_make_a_page_false(verdict: Verdict) -> None:
    alone = page("a.md", row(verdict))
    with_true = page("a.md", row(Verdict.TRUE), row(verdict))
    assert alone.is_true() == (verdict not in FALSE | {Verdict.SKIPPED})
    assert with_true.is_true() == (verdict not in FALSE)


def test_an_exit_status() -> None:
    assert RunReport([page("a.md", row(Verdict.TRUE))]).exit_status() == 0
    assert fake_run().exit_status() == 2
    assert RunReport([page("a.md", row(Verdict.TRUE), problem="a fence")]).exit_status() == 1


def test_the_terminal_shows_what_is_not_true() -> None:
    report = page("a.md", row(Verdict.TRUE, "print(1)"), row(Verdict.DIFFERS, "print(2)"))
    text = "\n".join(page_lines(report))
    assert text.startswith("a.md  Title of a.md (en): 1 true, 1 differs\n")
    assert "print(2)" in text
    assert "documented: [1, 2]" in text
    assert "print(1)" not in text
    assert "print(1)" in "\n".join(page_lines(report, everything=True))
    assert page_lines(page("a.md", row(Verdict.TRUE))) == ["a.md  Title of a.md (en): 1 true"]


def test_a_terminal_gets_no_control_characters() -> None:
    lines = [line for report in fake_run().pages for line in page_lines(report)]
    assert all(char.isprintable() for line in lines for char in line)
    assert any("\\x1b[31m" in line for line in lines)


def test_totals_per_verdict_and_cause() -> None:
    *_, causes, verdicts = summary_lines(fake_run())
    assert causes == "causes: 1 unknown, 1 an earlier statement failed, 1 package missing"
    assert verdicts.startswith(
        "4 of 10 pages true; statements: 1 true, 1 numerically true, 1 documented error"
    )


def test_json_fits_its_schema(tmp_path: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema validates the report")
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    write_json(fake_run(), str(tmp_path / "run.json"))
    data = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    validator.validate(data)
    for statement in (data["pages"][0]["statements"][0], data["pages"][0], data):
        for key in list(statement):
            value = statement.pop(key)
            assert not validator.is_valid(data), f"the schema does not demand {key}"
            statement[key] = value


def test_the_schema_lists_what_the_model_has() -> None:
    defs = json.loads(SCHEMA.read_text(encoding="utf-8"))["$defs"]["statement"]["properties"]
    assert set(defs["verdict"]["enum"]) == {verdict.value for verdict in Verdict}
    assert set(defs["kind"]["enum"]) == {None, *(cause.value for cause in Cause)}
    assert set(defs["backend"]["enum"]) == {backend.value for backend in Backend}
    assert set(defs["half"]["enum"]) == {framework.value for framework in Framework}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read: No such file"),
        ("{", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("[]", "is no report"),
        ('{"format": 99, "pages": []}', "is no report"),
        ('{"format": 1, "pages": [{"path": "a.md"}]}', "is no whole report: KeyError"),
    ],
)
def test_a_file_that_is_no_report(content: str | None, message: str, tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(PageError, match=re.escape(message)):
        read_pages(str(path))


def test_junit_counts_and_texts() -> None:
    root = ElementTree.fromstring(as_junit(fake_run()).encode())
    assert {name: root.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "10",
        "failures": "3",
        "errors": "2",
        "skipped": "2",
    }
    outcomes = {
        suite.get("name"): [child.tag for child in suite[0]]
        for suite in root
        if suite.get("name", "").startswith("docs/")
    }
    assert outcomes["docs/true.md"] == outcomes["docs/documented_error.md"] == []
    assert outcomes["docs/differs.md"] == outcomes["docs/not_reached.md"] == ["failure"]
    assert outcomes["docs/error.md"] == outcomes["docs/binary.md"] == ["error"]
    assert outcomes["docs/random.md"] == outcomes["docs/skipped.md"] == ["skipped"]
    failure = root.find("testsuite[@name='docs/differs.md']/testcase/failure")
    assert failure is not None
    assert failure.text == "print(x)\n\ndocumented:\n[1, 2]\n\nprinted:\n[1, 3]\n"
    case = root.find("testsuite[@name='docs/differs.md']/testcase")
    assert case is not None
    assert (case.get("file"), case.get("line"), case.get("time")) == (
        "docs/differs.md",
        "12",
        "1.250",
    )


def test_junit_holds_only_characters_of_xml() -> None:
    text = as_junit(fake_run())
    assert not re.search("[\x00-\x08\x0b-\x1f\ud800-\udfff]", text)
    assert "\\x1b[31m\\x00\\ud800" in text


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def tags(run: RunReport) -> _Tags:
    pytest.importorskip("jinja2", reason="Jinja2 of opsbridge[docs] fills in the page")
    parser = _Tags()
    parser.feed(as_html(run))
    return parser


def test_html_escapes_what_pages_and_outputs_say() -> None:
    harmless = RunReport([page("docs/a.md", row(Verdict.DIFFERS), language="zh")])
    hostile = RunReport([fake_run().pages[-2]])
    assert [tag for tag, _ in tags(hostile).found] == [tag for tag, _ in tags(harmless).found]
    assert not any(name.startswith("on") for _, attrs in tags(hostile).found for name in attrs)
    shown = "".join(tags(hostile).text)
    assert "</pre><script>alert('x')</script>\\x1b[31m\\x00\\ud800<img src=x onerror=y>" in shown


def test_html_needs_no_other_file() -> None:
    found = tags(fake_run()).found
    assert not any(name in attrs for _, attrs in found for name in ("src", "href", "action"))
    policy = next(attrs["content"] for tag, attrs in found if "http-equiv" in attrs)
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-")


def test_html_has_names_for_its_controls_and_data_for_its_filters() -> None:
    parser = tags(fake_run())
    statements = [attrs for tag, attrs in parser.found if tag == "details"]
    assert {attrs["data-verdict"] for attrs in statements} == {v.value for v in Verdict}
    false = [attrs["data-verdict"] for attrs in statements if "open" in attrs]
    assert set(false) == {verdict.value for verdict in FALSE}
    filters = {attrs.get("name") for tag, attrs in parser.found if tag in ("select", "input")}
    assert filters == {"verdict", "cause", "backend", "language", "page", "text"}
    pres = [attrs for tag, attrs in parser.found if tag == "pre"]
    assert pres
    assert all(attrs.get("aria-label") for attrs in pres)


def test_html_cuts_an_output_that_would_choke_a_browser() -> None:
    pytest.importorskip("jinja2", reason="Jinja2 of opsbridge[docs] fills in the page")
    long = page("a.md", row(Verdict.DIFFERS, printed="x" * 1_000_000))
    text = as_html(RunReport([long]))
    assert len(text) < 100_000
    assert "... 980000 more characters" in text


def test_an_unwritable_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PageError, match="cannot be written: Is a directory"):
        write_json(fake_run(), str(tmp_path))


def test_a_run_without_pages_is_reported() -> None:
    empty = RunReport([PageReport("a.md", problem="the page is empty")])
    data = typing.cast("dict[str, typing.Any]", as_data(empty))
    assert data["pages"][0]["problem"] == "the page is empty"
    assert HOSTILE not in as_junit(empty)


def test_html_marks_the_lines_that_differ() -> None:
    documented, printed = "[[1 2]\n [3 4]]", "[[1 2]\n [3 5]]"
    report = page("a.md", row(Verdict.DIFFERS, documented=documented, printed=printed))
    pytest.importorskip("jinja2", reason="Jinja2 of opsbridge[docs] fills in the page")
    text = as_html(RunReport([report]))
    assert re.findall("<mark>(.*?)</mark>", text) == [" [3 4]]", " [3 5]]"]


def test_two_backends_are_named_where_they_are_compared() -> None:
    compared = row(Verdict.DIFFERS, backend=Backend.COMPARED, documented="[1]", printed="[2]")
    report = page("a.md", compared)
    assert "      PyTorch:    [1]\n      opsbridge:  [2]" in "\n".join(page_lines(report))
    assert "PyTorch:\n[1]\n\nopsbridge:\n[2]\n" in as_junit(RunReport([report]))
    pytest.importorskip("jinja2", reason="Jinja2 of opsbridge[docs] fills in the page")
    assert "<h3>opsbridge</h3>" in as_html(RunReport([report]))
