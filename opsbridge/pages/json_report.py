"""The results of a doctest run as JSON, whose shape `results.schema.json` documents."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from opsbridge.errors import PageError
from opsbridge.pages.model import HalfResult, Row
from opsbridge.pages.report import PageReport, RunReport, is_false

FORMAT = 1
SCHEMA = Path(__file__).with_name("results.schema.json")
_PAGE_KEYS = ("path", "problem", "statements")
_STATEMENT_KEYS = ("example", "half", "backend", "where", "source", "verdict", "false")


def as_data(run: RunReport) -> dict[str, Any]:
    """Return a whole run as plain data."""
    return {
        "format": FORMAT,
        "versions": run.versions,
        "isolation": run.isolation,
        "seconds": round(run.seconds, 3),
        "verdicts": {verdict.value: count for verdict, count in run.verdicts().items()},
        "causes": {kind.value: count for kind, count in run.causes().items()},
        "pages": [_page_data(page) for page in run.pages],
    }


def write_json(run: RunReport, path: str) -> None:
    """Write a run to a file.

    Raises:
        PageError: the file cannot be written.
    """
    write_text(path, json.dumps(as_data(run), indent=1, ensure_ascii=False) + "\n")


def write_text(path: str, text: str) -> None:
    """Write a report to a file as UTF-8; lone surrogates become `?`.

    Raises:
        PageError: the file cannot be written.
    """
    try:
        Path(path).write_bytes(text.encode("utf-8", errors="replace"))
    except OSError as error:
        raise PageError(f"{path}: cannot be written: {error.strerror}") from error


def read_pages(path: str) -> list[dict[str, Any]]:
    """Return the data of the pages of an earlier run, as `--json` wrote them.

    Raises:
        PageError: the file cannot be read, or is no such report.
    """
    try:
        data = json.loads(Path(path).read_bytes())
    except OSError as error:
        raise PageError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise PageError(f"{path}: is no JSON: {error}") from error
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise PageError(f"{path}: is no report of `opsbridge doctest --json` in format {FORMAT}")
    try:
        return [
            {
                **{key: page[key] for key in _PAGE_KEYS},
                "statements": [
                    {key: statement[key] for key in _STATEMENT_KEYS}
                    for statement in page["statements"]
                ],
            }
            for page in data["pages"]
        ]
    except (KeyError, TypeError) as error:
        raise PageError(f"{path}: is no whole report: {error!r}") from error


def _page_data(page: PageReport) -> dict[str, Any]:
    return {
        "path": page.path.replace(os.sep, "/"),
        "language": page.language,
        "title": page.title,
        "problem": page.problem,
        "true": page.is_true(),
        "halves": [_half_data(half) for half in page.halves],
        "statements": [_row_data(row) for row in page.rows()],
    }


def _half_data(half: HalfResult) -> dict[str, Any]:
    return {
        "example": half.example,
        "half": half.framework.value,
        "backend": half.backend.value,
        "seconds": round(half.seconds, 3),
        "same_as": half.same_as,
    }


def _row_data(row: Row) -> dict[str, Any]:
    return {
        "example": row.example,
        "half": row.framework.value,
        "backend": row.backend.value,
        "where": row.where,
        "source": row.source,
        "verdict": row.verdict.value,
        "false": is_false(row),
        "cause": row.cause,
        "kind": row.kind.value if row.kind else None,
        "documented": row.documented,
        "printed": row.printed,
    }
