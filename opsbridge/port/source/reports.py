"""A run of `opsbridge port` as lines, JSON, Markdown and HTML."""

from __future__ import annotations

import importlib
import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from opsbridge.errors import PortError
from opsbridge.port.source.files import write_file
from opsbridge.port.source.result import Outcome, Point, Report

FORMAT = 1
SCHEMA = Path(__file__).with_name("port.schema.json")
_TEMPLATE = Path(__file__).with_name("report.html.jinja")


def as_data(report: Report) -> dict[str, Any]:
    """Return a run as plain data, in the shape of port.schema.json."""
    counts = report.counts()
    by_hand = counts[Outcome.BY_HAND]
    return {
        "format": FORMAT,
        "target": report.target.value,
        "summary": {
            "files": len(report.files),
            "changed": sum(file.is_changed for file in report.files),
            "found": report.found,
            "translated": report.found - by_hand,
            "exact": counts[Outcome.EXACT],
            "approximate": counts[Outcome.APPROXIMATE],
            "by_hand": by_hand,
        },
        "advice": list(report.advice),
        "files": [
            {
                "path": file.place,
                "changed": file.is_changed,
                "problem": file.problem,
                "points": [_point_data(point) for point in file.points],
            }
            for file in report.files
        ],
    }


def as_json(report: Report) -> str:
    """Return a run as JSON."""
    return json.dumps(as_data(report), indent=1, ensure_ascii=False) + "\n"


def as_markdown(report: Report) -> str:
    """Return a run as Markdown: the counts, what is left, and how often every name occurs."""
    lines = ["# Translation report", "", report.summary() + ".", ""]
    lines += [f"- {_cell(each)}" for each in report.advice]
    lines += ["", "## By hand", ""]
    left = [f"- {_cell(line)}" for line in _left(report, (Outcome.BY_HAND,))]
    lines += left or ["Nothing."]
    lines += ["", "## Approximate", ""]
    near = [f"- {_cell(line)}" for line in _left(report, (Outcome.APPROXIMATE,))]
    lines += near or ["Nothing."]
    lines += ["", "## Names", "", "| name | outcome | became | places |", "|---|---|---|---|"]
    for (name, outcome, became), count in _by_name(report):
        cells = " | ".join(_cell(each) for each in (name, outcome, became))
        lines.append(f"| {cells} | {count} |")
    return "\n".join(lines) + "\n"


def as_html(report: Report) -> str:
    """Return a run as one HTML page that needs nothing else; all text of the source is escaped.

    Raises:
        PortError: Jinja is not installed.
    """
    try:
        jinja: Any = importlib.import_module("jinja2")
    except ModuleNotFoundError:
        raise PortError("an HTML report needs Jinja2, of opsbridge[docs]") from None
    environment = jinja.Environment(autoescape=True, undefined=jinja.StrictUndefined)
    template = environment.from_string(_TEMPLATE.read_text("utf-8"))
    names = [(*key, count) for key, count in _by_name(report)]
    text: str = template.render(**as_data(report), headline=report.summary(), names=names)
    return text + "\n"


FORMATS: dict[str, Callable[[Report], str]] = {
    "html": as_html,
    "json": as_json,
    "md": as_markdown,
}


def write_report(report: Report, path: Path) -> None:
    """Write a run in the format that the name of the file ends with.

    Raises:
        PortError: it cannot be written.
    """
    text = FORMATS[path.suffix.removeprefix(".")](report)
    write_file(path, text.encode("utf-8", errors="replace"))


def terminal_lines(report: Report, *, quiet: bool) -> Iterator[str]:
    """Yield what is printed: every point that needs a look, then advice, then the counts."""
    if not quiet:
        yield from _left(report, (Outcome.BY_HAND, Outcome.APPROXIMATE))
        yield from report.advice
    yield from (file.problem for file in report.files if file.problem)
    yield report.summary()


def _left(report: Report, outcomes: tuple[Outcome, ...]) -> Iterator[str]:
    for file in report.files:
        for point in file.points:
            if point.outcome in outcomes:
                yield f"{file.place}:{point.line}:{point.column}: {_sentence(point)}"


def _sentence(point: Point) -> str:
    parts = [f"{point.name}: {point.outcome.value}", point.reason, point.suggestion]
    return "; ".join(part for part in parts if part)


def _by_name(report: Report) -> list[tuple[tuple[str, str, str], int]]:
    counter = Counter(
        (point.name, point.outcome.value, point.became)
        for file in report.files
        for point in file.points
    )
    return sorted(counter.items(), key=lambda item: (-item[1], item[0]))


def _cell(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
    return " ".join(escaped.replace("`", "\\`").split())


def _point_data(point: Point) -> dict[str, Any]:
    return {
        "line": point.line,
        "column": point.column,
        "name": point.name,
        "outcome": point.outcome.value,
        "became": point.became,
        "reason": point.reason,
        "suggestion": point.suggestion,
    }
