"""`opsbridge doctest --update`: shows the changes, asks, and writes the pages."""

from __future__ import annotations

import contextlib
import difflib
import os
import re
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from opsbridge.errors import PageError
from opsbridge.pages.model import Page
from opsbridge.pages.read import decode
from opsbridge.pages.report import PageReport, is_false
from opsbridge.pages.update import Update, plan_update
from opsbridge.visible import visible

_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$")


def update_pages(
    reports: Sequence[PageReport],
    pages: Sequence[Page | None],
    say: Callable[[str], None],
    ask: bool,
) -> int:
    """Show what becomes of the pages, write them if that is wanted, and return the exit status.

    0: every page is true now. 1: something is still false, or nothing was written.

    Raises:
        PageError: a page has changed since it was read, or cannot be written.
    """
    plans = [
        plan_update(page, report.rows())
        for report, page in zip(reports, pages, strict=True)
        if page is not None
    ]
    changed = [plan for plan in plans if plan.edits]
    for plan in plans:
        say_lines = [*_diff(plan), *_refusals(plan)]
        if say_lines:
            say("\n".join(say_lines))
    if not changed:
        say("no documented output is to be updated")
        return 0 if all(report.is_true() for report in reports) else 1
    count = sum(len(plan.edits) for plan in changed)
    what = f"{count} documented outputs of {len(changed)} pages"
    if ask and not _agreed(f"Update {what}? [y/N] "):
        say(f"{what} differ; nothing was written (--yes writes without asking)")
        return 1
    for plan in changed:
        _write(plan)
    say(f"updated {what}")
    settled = {id(edit.row) for plan in plans for edit in plan.edits}
    return 0 if all(_is_settled(report, settled) for report in reports) else 1


def _is_settled(report: PageReport, settled: set[int]) -> bool:
    left = [row for row in report.rows() if is_false(row) and id(row) not in settled]
    return not left and not report.problem


def _diff(plan: Update) -> list[str]:
    old, new = (text.split("\n") for text in (plan.page.text, plan.text))
    path = plan.page.path
    return [visible(line) for line in difflib.unified_diff(old, new, path, path, lineterm="")]


def _refusals(plan: Update) -> list[str]:
    return [
        visible(f"{plan.page.path}:{row.where}: not updated ({row.backend.value}): {reason}")
        for row, reason in plan.refused
    ]


def _agreed(question: str) -> bool:
    if not sys.stdin.isatty():
        return False
    with contextlib.suppress(EOFError):
        return input(question).strip().lower() in ("y", "yes")
    return False


def _write(plan: Update) -> None:
    """Replace a page at once: whoever reads it meanwhile sees the old one or the new one."""
    path = Path(plan.page.path).resolve()
    try:
        data = _new_bytes(path.read_bytes(), plan)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(data)
            os.chmod(name, path.stat().st_mode & 0o7777)
            os.replace(name, path)
        except BaseException:
            os.unlink(name)
            raise
    except OSError as error:
        raise PageError(f"{path}: cannot be updated: {error.strerror}") from error


def _new_bytes(data: bytes, plan: Update) -> bytes:
    """Return the page with its edits; other lines keep their bytes, new ones the line ends."""
    if decode(data, plan.page.path) != plan.page.text:
        raise PageError(f"{plan.page.path}: the page has changed since it was read")
    lines = _LINE.findall(data)
    for edit in sorted(plan.edits, key=lambda edit: -edit.first):
        replaced = lines[edit.first : edit.end]
        between, last = (line[len(line.rstrip(b"\r\n")) :] for line in (replaced[0], replaced[-1]))
        new = [line.encode() + (between or b"\n") for line in edit.lines]
        new[-1] = edit.lines[-1].encode() + last
        lines[edit.first : edit.end] = new
    return b"".join(lines)
