"""Reads a page for a run; whatever is wrong with the page as such becomes part of its report."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from opsbridge.errors import PageError
from opsbridge.pages.model import Line, Page
from opsbridge.pages.read import read_page
from opsbridge.pages.report import PageReport

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")


def need_packages(*names: str) -> None:
    """Check once, before any page, that packages of `opsbridge[docs]` are there.

    Raises:
        PageError: one is missing.
    """
    missing = [name for name in names if find_spec(name) is None]
    if missing:
        raise PageError(f"needs the packages of opsbridge[docs]; missing: {', '.join(missing)}")


def load_page(path: Path) -> tuple[PageReport, Page | None]:
    """Return the report of a page without its halves, and the page if it can be run."""
    try:
        page = read_regular(path)
    except PageError as error:
        return PageReport(str(path), problem=str(error), is_unusable=True), None
    report = PageReport(str(path), page.language, page.title)
    opened = unclosed_fence(page.lines)
    if opened:
        report.problem = f"{path}:{page.where(opened)}: this code fence is never closed"
    elif not page.text.strip():
        report.problem = f"{path}: the page is empty; the page has no example"
    elif not page.statements:
        report.problem = f"{path}: the page has no example (no Python code below a heading)"
    return report, page if page.statements else None


def unclosed_fence(lines: Sequence[Line]) -> int:
    """Return the number of the line that opens a fence which nothing closes, or 0."""
    opened, mark = 0, ""
    for number, line in enumerate(lines, start=1):
        match = _FENCE.match(line.text)
        if match is None:
            continue
        if not opened:
            if match[1][0] == "~" or "`" not in match[2]:
                opened, mark = number, match[1]
        elif match[1].startswith(mark) and not match[2].strip():
            opened = 0
    return opened


def read_regular(path: Path) -> Page:
    """Read the page in a regular file; nothing is read from a pipe or a device.

    Raises:
        PageError: it cannot be read, or is no page; the message names the file.
    """
    try:
        if not path.is_file():
            raise PageError(f"{path}: cannot be read: it is no regular file")
        return read_page(path)
    except OSError as error:
        raise PageError(f"{path}: cannot be read: {error.strerror or error}") from error
