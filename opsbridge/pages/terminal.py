"""The report of a doctest run on a terminal: one line per page, a table of what is not true."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from opsbridge.pages.model import HalfResult, Row, Verdict
from opsbridge.pages.report import PageReport, RunReport, is_checked, side_names
from opsbridge.visible import visible

_WIDTH = 46
_MAX_LINES = 12


def page_lines(report: PageReport, *, everything: bool = False) -> list[str]:
    """Return the report of one page as lines: the page, then the statements that are not true.

    With `everything`, all statements are shown.
    """
    lines = [_headline(report)]
    if report.problem:
        lines.append(f"  {report.problem}")
    return [visible(line) for line in [*lines, *_table(report, everything)]]


def _table(report: PageReport, everything: bool) -> list[str]:
    lines: list[str] = []
    cells: list[tuple[str, ...]] = [("example", "half", "backend", "line", "statement", "verdict")]
    details: list[list[str]] = [[]]
    for half in report.halves:
        for row in half.rows:
            if everything or not is_checked(row):
                cells.append(_cells(half, row.where, row.source, _verdict_text(row)))
                details.append(_detail(row))
        if everything and not half.rows:
            cells.append(_cells(half, "", "", "ran; documents no output"))
            details.append([])
    if len(cells) == 1:
        return lines
    widths = [max(len(row[column]) for row in cells) for column in range(5)]
    for row_cells, detail in zip(cells, details, strict=True):
        padded = [cell.ljust(width) for cell, width in zip(row_cells, widths, strict=False)]
        lines.append("  " + "  ".join([*padded, row_cells[5]]).rstrip())
        lines += detail
    return lines


def summary_lines(run: RunReport) -> list[str]:
    """Return the totals of a run: what it ran on, causes, verdicts, pages."""
    good = sum(page.is_true() for page in run.pages)
    versions = ", ".join(f"{name} {version}" for name, version in run.versions.items())
    verdicts = _counted({verdict.value: count for verdict, count in run.verdicts().items()})
    causes = _counted({kind.value: count for kind, count in run.causes().items()})
    lines = [f"{versions}; {run.seconds:.1f} s; {run.isolation}"]
    if causes:
        lines.append(f"causes: {causes}")
    lines.append(f"{good} of {len(run.pages)} pages true; statements: {verdicts or 'none'}")
    return lines


def _headline(report: PageReport) -> str:
    title = f"  {report.title} ({report.language})" if report.title else ""
    counts = Counter(row.verdict for row in report.rows())
    found = _counted({verdict.value: counts[verdict] for verdict in Verdict})
    return f"{report.path}{title}{': ' if found else ''}{found}"


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count)


def _cells(half: HalfResult, where: str, source: str, verdict: str) -> tuple[str, ...]:
    short = " ".join(source.split())
    short = short if len(short) <= _WIDTH else short[: _WIDTH - 3] + "..."
    return (str(half.example), half.framework.value, half.backend.value, where, short, verdict)


def _verdict_text(row: Row) -> str:
    return f"{row.verdict.value}: {row.cause}" if row.cause else row.verdict.value


def _detail(row: Row) -> list[str]:
    if row.verdict not in (Verdict.DIFFERS, Verdict.RANDOM):
        return []
    lines = []
    texts = ((row.documented or "").strip(), row.printed.strip("\n").rstrip())
    for label, text in zip(side_names(row.framework.value, row.backend.value), texts, strict=True):
        shown = (text or "(nothing)").split("\n")
        if len(shown) > _MAX_LINES:
            shown = [*shown[: _MAX_LINES - 2], f"... {len(shown) - _MAX_LINES + 2} more lines"]
        lines += [f"      {label + ':' if not i else '':<12}{line}" for i, line in enumerate(shown)]
    return lines
