"""The results of a doctest run as JUnit XML: a suite per page, a case per statement and backend."""

from __future__ import annotations

from xml.etree import ElementTree

from opsbridge.pages.json_report import write_text
from opsbridge.pages.model import HalfResult, Row, Verdict
from opsbridge.pages.report import PageReport, RunReport, is_checked, is_false, side_names
from opsbridge.visible import visible


def write_junit(run: RunReport, path: str) -> None:
    """Write a run to a file.

    Raises:
        PageError: the file cannot be written.
    """
    write_text(path, as_junit(run))


def as_junit(run: RunReport) -> str:
    """Return a run as JUnit XML.

    Statements that differ, were not reached or are out of date are failures, those that raised are
    errors; what was skipped or is random is skipped. Characters that XML cannot hold are written as
    `\\x1b`.
    """
    root = ElementTree.Element("testsuites", name="opsbridge doctest")
    for page in run.pages:
        _suite(root, page)
    for name in ("tests", "failures", "errors", "skipped"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    root.set("time", f"{run.seconds:.3f}")
    ElementTree.indent(root, " ")
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _suite(root: ElementTree.Element, page: PageReport) -> None:
    suite = ElementTree.SubElement(root, "testsuite", name=visible(page.path))
    if page.problem:
        case = _case(suite, page, "the page itself", "1", 0.0)
        _outcome(case, "error", "page", page.problem, "")
    for half in page.halves:
        for number, row in enumerate(half.rows):
            # The time of a half belongs to none of its statements; the first one carries it.
            case = _case(suite, page, _name(half, row), row.where, 0.0 if number else half.seconds)
            _judge(case, row)
    suite.set("tests", str(len(suite)))
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(name, str(len(suite.findall(f"*/{tag}"))))
    suite.set("time", f"{sum(half.seconds for half in page.halves):.3f}")


def _case(
    suite: ElementTree.Element, page: PageReport, name: str, where: str, seconds: float
) -> ElementTree.Element:
    return ElementTree.SubElement(
        suite,
        "testcase",
        classname=visible(page.path),
        name=visible(name),
        file=visible(page.path),
        line=where.partition(":")[0],
        time=f"{seconds:.3f}",
    )


def _name(half: HalfResult, row: Row) -> str:
    source = " ".join(row.source.split())
    short = source if len(source) <= 60 else f"{source[:57]}..."
    backend = "" if half.backend.value == half.framework.value else f" on {half.backend.value}"
    return f"example {half.example}, {half.framework.value}{backend}, line {row.where}: {short}"


def _judge(case: ElementTree.Element, row: Row) -> None:
    if row.verdict is Verdict.ERROR:
        _outcome(case, "error", _kind(row), row.cause, _texts(row))
    elif is_false(row):
        _outcome(case, "failure", _kind(row), row.cause or row.verdict.value, _texts(row))
    elif row.verdict is Verdict.RANDOM or not is_checked(row):
        _outcome(case, "skipped", _kind(row), row.cause or row.verdict.value, "")


def _kind(row: Row) -> str:
    return row.kind.value if row.kind else row.verdict.value


def _outcome(case: ElementTree.Element, tag: str, kind: str, message: str, text: str) -> None:
    element = ElementTree.SubElement(case, tag, type=visible(kind), message=visible(message))
    element.text = visible(text) or None


def _texts(row: Row) -> str:
    place = f"{row.source}\n"
    if row.documented is None:
        return place
    left, right = side_names(row.framework.value, row.backend.value)
    return f"{place}\n{left}:\n{row.documented}\n\n{right}:\n{row.printed or '(nothing)'}\n"
