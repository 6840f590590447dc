"""The results of a doctest run as one HTML page that needs nothing else: no network, no server."""

from __future__ import annotations

import base64
import hashlib
import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from opsbridge.errors import PageError
from opsbridge.pages.json_report import as_data, write_text
from opsbridge.pages.model import Verdict
from opsbridge.pages.report import RunReport, side_names
from opsbridge.visible import visible

_FOLDER = Path(__file__).with_name("html")
_MAX_CHARACTERS = 20_000
"""Of one text: an output may have a megabyte, and a page of reports must still open."""
_TONE = {
    Verdict.TRUE: "good",
    Verdict.NUMERICALLY_TRUE: "good",
    Verdict.DOCUMENTED_ERROR: "good",
    Verdict.RANDOM: "open",
    Verdict.SKIPPED: "open",
    Verdict.DIFFERS: "bad",
    Verdict.ERROR: "bad",
    Verdict.NOT_REACHED: "bad",
}


def write_html(run: RunReport, path: str) -> None:
    """Write a run to a file.

    Raises:
        PageError: Jinja is not installed, or the file cannot be written.
    """
    write_text(path, as_html(run))


def as_html(run: RunReport) -> str:
    """Return a run as an HTML page.

    Pages and their outputs are hostile input: everything is escaped by the template, and a content
    security policy lets nothing but the report's own script and style run.

    Raises:
        PageError: Jinja is not installed.
    """
    try:
        jinja: Any = importlib.import_module("jinja2")
        markup: Any = importlib.import_module("markupsafe").Markup
    except ModuleNotFoundError:
        raise PageError("doctest: --html needs Jinja2, of opsbridge[docs]") from None
    environment = jinja.Environment(
        autoescape=True, undefined=jinja.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    own = {name: (_FOLDER / f"report.{name}").read_text("utf-8") for name in ("css", "js")}
    data = as_data(run)
    pages = [_shown_page(page) for page in data["pages"]]
    template = environment.from_string((_FOLDER / "report.html.jinja").read_text("utf-8"))
    text: str = template.render(
        **{**data, "pages": pages},
        good=sum(page["true"] for page in pages),
        tone={verdict.value: tone for verdict, tone in _TONE.items()},
        filters=_filters(data),
        style=markup(own["css"]),
        script=markup(own["js"]),
        style_hash=_hash(own["css"]),
        script_hash=_hash(own["js"]),
    )
    return text + "\n"


def _shown_page(page: dict[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = _shown(page)
    shown["statements"] = [_shown_statement(row) for row in page["statements"]]
    return shown


def _shown_statement(row: dict[str, Any]) -> dict[str, Any]:
    shown = _shown(row)
    documented, printed = ((shown[key] or "").split("\n") for key in ("documented", "printed"))
    left, right = side_names(row["half"], row["backend"])
    return {
        **shown,
        "left": left,
        "right": right,
        "first_line": shown["source"].split("\n")[0],
        "documented_lines": _marked(documented, printed),
        "printed_lines": _marked(printed, documented),
    }


def _marked(lines: Sequence[str], others: Sequence[str]) -> list[tuple[str, bool]]:
    """Return lines and whether each is to be marked: others differ, but not all of them."""
    other = {line.strip() for line in others}
    changed = [line.strip() not in other for line in lines]
    return [
        (line, is_new and not all(changed)) for line, is_new in zip(lines, changed, strict=True)
    ]


def _shown(data: dict[str, Any]) -> dict[str, Any]:
    return {
        key: _cut(visible(value)) if isinstance(value, str) else value
        for key, value in data.items()
    }


def _cut(text: str) -> str:
    if len(text) <= _MAX_CHARACTERS:
        return text
    return f"{text[:_MAX_CHARACTERS]}\n... {len(text) - _MAX_CHARACTERS} more characters"


def _filters(data: dict[str, Any]) -> list[tuple[str, str, list[str]]]:
    """Return the name, the label and the values of every filter, only with values that occur."""
    rows = [row for page in data["pages"] for row in page["statements"]]
    backends = dict.fromkeys(row["backend"] for row in rows)
    languages = sorted({page["language"] for page in data["pages"]} - {""})
    paths = [visible(page["path"]) for page in data["pages"]]
    return [
        ("verdict", "Verdict", [name for name, count in data["verdicts"].items() if count]),
        ("cause", "Cause", list(data["causes"])),
        ("backend", "Backend", list(backends)),
        ("language", "Language", languages),
        ("page", "Page", paths),
    ]


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
