"""A difference page in pytest: Sybil's document and sybil, the file and the items."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from _pytest._code.code import ReprFileLocation, TerminalRepr
from sybil import Document, Example, Sybil
from sybil.example import SybilFailure
from sybil.integration.pytest import SybilFile, SybilItem

from opsbridge.pages.load import load_page
from opsbridge.pages.model import Backend, Page, Row, Statement, Verdict
from opsbridge.pages.report import PageReport, is_false, side_names
from opsbridge.visible import visible


@dataclass(frozen=True)
class Check:
    """What one item checks: a statement on a backend, or the page itself (no statement)."""

    page: PageReport
    statement: Statement | None = None
    backend: Backend | None = None


class PageDocument(Document):
    """A page as Sybil's document: read as `opsbridge doctest` reads it, whatever its bytes are."""

    report: PageReport
    page: Page | None

    @classmethod
    def parse(cls, path: str, *parsers: Any, encoding: str = "utf-8") -> PageDocument:
        """Read the page and let the parsers add its regions."""
        report, page = load_page(Path(path))
        document = cls(page.text if page else "", path)
        document.report, document.page = report, page
        for parser in parsers:
            for region in parser(document):
                document.add(region)
        return document


class PageSybil(Sybil):
    """Sybil with names of items that say example, half, backend and line."""

    def identify(self, example: Example) -> str:
        """Return the name of an item."""
        check: Check = example.parsed
        if check.statement is None or check.backend is None:
            return "page"
        half, backend = check.statement.framework.value, check.backend.value
        name = half if half == backend else f"{half}-on-{backend}".replace(" ", "-")
        column = f".{example.column}" if example.column > 1 else ""
        ending = "" if check.statement.expectation else "-runs"
        return f"example{check.statement.example}-{name}-line{example.line}{column}{ending}"


class PageFile(SybilFile):
    """A page as a pytest collector."""

    def collect(self) -> Iterator[pytest.Item]:
        """Yield the items of all backends in the order of the page."""
        found: list[tuple[Example, Sybil]] = []
        for sybil in self.sybils:
            document = sybil.parse(self.path)
            self.documents.append(document)
            found += [(example, sybil) for example in document.examples()]
        for example, sybil in sorted(found, key=lambda pair: pair[0].start):
            yield StatementItem.from_parent(self, sybil=sybil, example=example)


class StatementItem(SybilItem):
    """A statement on one backend as a pytest item."""

    row: Row | None = None

    @property
    def check(self) -> Check:
        """What the item checks."""
        check: Check = self.example.parsed
        return check

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return the place of the statement; pytest counts lines from 0."""
        return self.path, self.example.line - 1, f"{self.path.name}: {self.name}"

    def runtest(self) -> None:
        """Let Sybil evaluate the example, which finds the row here."""
        self.example.namespace["row"] = self.row
        self.example.evaluate()

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        """Show what was documented and printed, at the line of the page."""
        if not isinstance(excinfo.value, SybilFailure):
            return super().repr_failure(excinfo, style)
        path = self.nodeid.partition("::")[0]
        return FailureText(path, self.example.line, excinfo.value.result)


class FailureText(TerminalRepr):
    """A failure as text, with the file and line that pytest and editors understand."""

    def __init__(self, path: str, line: int, text: str) -> None:
        self.text = text
        self.reprcrash = ReprFileLocation(path, line, text.split("\n")[0])

    def toterminal(self, tw: Any) -> None:
        """Write the failure."""
        tw.line(self.text)
        tw.line()
        self.reprcrash.toterminal(tw)


def page_problem(example: Example) -> str:
    check: Check = example.parsed
    return visible(check.page.problem)


def statement_problem(example: Example) -> str | None:
    """Return what is wrong with a statement: for people, in lines."""
    row: Row | None = example.namespace["row"]
    if row is None or not is_false(row):
        return None
    lines = [f"{row.verdict.value}: {row.cause}" if row.cause else row.verdict.value]
    lines += ["", *(f"    {line}" for line in row.source.split("\n"))]
    if row.documented is not None:
        left, right = side_names(row.framework.value, row.backend.value)
        texts = {left: row.documented.strip()}
        if row.verdict is Verdict.DIFFERS:
            texts[right] = row.printed.strip("\n").rstrip()
        for label, text in texts.items():
            shown = (text or "(nothing)").split("\n")
            lines += ["", f"{label}:", *(f"    {line}" for line in shown)]
    return visible("\n".join(lines))
