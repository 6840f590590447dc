"""What a doctest run tells: a table per page, a summary line, JSON, and the exit status."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any

from opsbridge.pages.model import Backend, Framework, Row, Verdict

_GOOD = (Verdict.TRUE, Verdict.NUMERICALLY_TRUE)
_BAD = (Verdict.DIFFERS, Verdict.ERROR, Verdict.NOT_REACHED)
_PACKAGES = ("torch", "torchvision", "mindspore", "numpy", "opsbridge")
_WIDTH = 46


@dataclass
class HalfReport:
    """The rows of one half on one backend."""

    example: int
    framework: Framework
    backend: Backend
    rows: list[Row]


@dataclass
class PageReport:
    """All halves of a page, or why it has none."""

    path: str
    language: str = ""
    title: str = ""
    problem: str = ""
    is_unusable: bool = False
    """There is no such file, or it is no text: wrong use rather than a wrong page."""
    halves: list[HalfReport] = field(default_factory=list)

    def rows(self) -> list[Row]:
        """Return the rows of all halves."""
        return [row for half in self.halves for row in half.rows]

    def is_true(self) -> bool:
        """Whether nothing on the page is false and every example that documents was checked.

        A half may be skipped (package missing, not covered by opsbridge) as long as some documented
        output of the same example was found true.
        """
        if self.problem:
            return False
        skipped = {row.example for row in self.rows() if row.verdict is Verdict.SKIPPED}
        checked = {row.example for row in self.rows() if row.verdict in _GOOD}
        return not any(row.verdict in _BAD for row in self.rows()) and skipped <= checked


def exit_status(reports: Iterable[PageReport]) -> int:
    """Return 0 if every page is true, 2 if one was unusable, else 1."""
    reports = list(reports)
    if any(report.is_unusable for report in reports):
        return 2
    return 0 if all(report.is_true() for report in reports) else 1


def page_lines(report: PageReport) -> list[str]:
    """Return the report of one page as lines of text."""
    lines = [f"{report.path}" + (f"  {report.title} ({report.language})" if report.title else "")]
    if report.problem:
        return [*lines, f"  {report.problem}"]
    cells: list[tuple[str, ...]] = [("example", "half", "backend", "line", "statement", "verdict")]
    details: list[list[str]] = [[]]
    for half in report.halves:
        for row in half.rows:
            cells.append(_cells(half, row.where, row.source, _verdict_text(row)))
            details.append(_detail(row))
        if not half.rows:
            cells.append(_cells(half, "", "", "ran; documents no output"))
            details.append([])
    widths = [max(len(row[column]) for row in cells) for column in range(5)]
    for row_cells, detail in zip(cells, details, strict=True):
        padded = [cell.ljust(width) for cell, width in zip(row_cells, widths, strict=False)]
        lines.append("  " + "  ".join([*padded, row_cells[5]]).rstrip())
        lines += detail
    return lines


def _cells(half: HalfReport, where: str, source: str, verdict: str) -> tuple[str, ...]:
    short = " ".join(source.split())
    short = short if len(short) <= _WIDTH else short[: _WIDTH - 3] + "..."
    return (str(half.example), half.framework.value, half.backend.value, where, short, verdict)


def _verdict_text(row: Row) -> str:
    return f"{row.verdict.value}: {row.cause}" if row.cause else row.verdict.value


def _detail(row: Row) -> list[str]:
    if row.verdict is not Verdict.DIFFERS:
        return []
    documented = (row.documented or "").strip().split("\n")
    printed = (row.printed.rstrip() or "(nothing)").split("\n")
    lines = []
    for label, text in (("documented", documented), ("printed", printed)):
        shown = text if len(text) <= 12 else [*text[:10], f"... {len(text) - 10} more lines"]
        lines += [f"      {label + ':' if not i else '':<12}{line}" for i, line in enumerate(shown)]
    return lines


def summary(reports: Iterable[PageReport]) -> str:
    """Return one line: pages, verdicts by kind, the versions of what ran."""
    reports = list(reports)
    counts = Counter(row.verdict for report in reports for row in report.rows())
    verdicts = ", ".join(f"{counts[verdict]} {verdict.value}" for verdict in Verdict)
    good = sum(report.is_true() for report in reports)
    versions = ", ".join(f"{name} {version}" for name, version in package_versions().items())
    return f"{good} of {len(reports)} pages true; statements: {verdicts}; {versions}"


def package_versions() -> dict[str, str]:
    """Return the versions of the frameworks installed, without importing them."""
    versions = {}
    for name in _PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def as_json(reports: Iterable[PageReport]) -> dict[str, Any]:
    """Return the whole run as plain data."""
    return {
        "versions": package_versions(),
        "pages": [
            {
                "path": report.path,
                "language": report.language,
                "title": report.title,
                "problem": report.problem,
                "true": report.is_true(),
                "statements": [_row_data(row) for row in report.rows()],
            }
            for report in reports
        ],
    }


def _row_data(row: Row) -> dict[str, Any]:
    return {
        "example": row.example,
        "half": row.framework.value,
        "backend": row.backend.value,
        "where": row.where,
        "source": row.source,
        "verdict": row.verdict.value,
        "cause": row.cause,
        "documented": row.documented,
        "printed": row.printed,
    }
