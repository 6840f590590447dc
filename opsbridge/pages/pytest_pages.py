"""Difference pages as pytest items, collected by Sybil: one per documented statement and backend.

A page is parsed as for `opsbridge doctest` and its halves run once, in child processes, when the
first of its items needs a result.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from _pytest._code.code import ReprFileLocation, TerminalRepr
from sybil import Document, Example, Region, Sybil
from sybil.example import SybilFailure
from sybil.integration.pytest import SybilFile, SybilItem

from opsbridge.pages.check import Backends, check_pages
from opsbridge.pages.load import load_page
from opsbridge.pages.model import (
    Backend,
    Framework,
    HalfResult,
    Page,
    PageResult,
    Row,
    Statement,
    Verdict,
)
from opsbridge.pages.report import PageReport, is_checked, is_false
from opsbridge.pages.run import Limits
from opsbridge.pages.text import visible


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


class Pages:
    """The plugin of a session in which pages are checked."""

    def __init__(self, config: pytest.Config) -> None:
        self._backends = Backends.chosen(
            config.getoption("opsbridge_torch"), config.getoption("opsbridge_mindspore")
        )
        self._limits = Limits(config.getoption("opsbridge_timeout") or Limits().seconds)
        self._is_shared = hasattr(config, "workerinput")
        self._pages: dict[str, Page] = {}
        self._results: dict[str, PageResult] = {}
        self._running: Iterator[PageResult] = iter(())
        self._batch: list[Page] = []
        count = max(len(self._choices(framework)) for framework in Framework)
        # The regions of a Sybil document cannot overlap: a further backend needs a document of its
        # own.
        self._sybils = [self._sybil(config.rootpath, number) for number in range(count)]

    def pytest_collect_file(
        self, file_path: Path, parent: pytest.Collector
    ) -> pytest.Collector | None:
        """Collect a Markdown file as a page."""
        if not self._sybils[0].should_parse(file_path):
            return None
        return PageFile.from_parent(parent, path=file_path, sybils=self._sybils)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note which pages have items that were selected: they run together."""
        wanted = {str(item.path) for item in session.items if isinstance(item, StatementItem)}
        if not self._is_shared:  # a worker of pytest-xdist gets only some of the items
            self._start([page for path, page in self._pages.items() if path in wanted])

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Run the page of an item, if it has not run yet, and mark the item if it was skipped."""
        if not isinstance(item, StatementItem) or item.check.statement is None:
            return
        row = self._row(item.check)
        item.row = row
        if row is not None and not is_false(row) and not is_checked(row):
            item.add_marker(pytest.mark.skip(reason=visible(row.cause)))
        elif row is not None and row.verdict is Verdict.RANDOM:
            item.add_marker(pytest.mark.skip(reason="random: another run printed something else"))
        elif row is None and item.check.statement.expectation is not None:
            item.add_marker(
                pytest.mark.skip(reason="the comment is no output, or was not compared")
            )

    def pytest_sessionfinish(self) -> None:
        """Stop what still runs."""
        self._start([])

    def _sybil(self, root: Path, number: int) -> Sybil:
        return PageSybil(
            parsers=[lambda document: self._regions(document, number)],
            patterns=["*.md"],
            path=str(root),
            document_types={".md": PageDocument},
        )

    def _choices(self, framework: Framework) -> tuple[Backend, ...]:
        backends = self._backends.of(framework)
        return (*backends, Backend.COMPARED) if len(backends) > 1 else backends

    def _regions(self, document: Document, number: int) -> Iterator[Region]:
        """Yield a region per statement that is checked on the backend of this number."""
        assert isinstance(document, PageDocument)
        report, page = document.report, document.page
        if report.problem and (page is not None or report.is_unusable) and number == 0:
            yield Region(0, 0, Check(report), _page_problem)
        if page is None:
            return
        self._pages[document.path] = page
        for statement in page.statements:
            choices = self._choices(statement.framework)
            is_last = _is_last(page, statement)
            if number < len(choices) and (statement.expectation is not None or is_last):
                if choices[number] is Backend.COMPARED and statement.expectation is None:
                    continue
                start = page.lines[statement.first_line - 1].start
                check = Check(report, statement, choices[number])
                yield Region(start, start, check, _statement_problem)

    def _row(self, check: Check) -> Row | None:
        """Return the row about a statement; for an undocumented one, that of what stopped it."""
        statement = check.statement
        assert statement is not None
        for half in self._result(check.page.path).halves:
            key = (half.example, half.framework, half.backend)
            if key != (statement.example, statement.framework, check.backend):
                continue
            own = [row for row in half.rows if row.statement == statement.index]
            stops = [row for row in half.rows if is_false(row) and row.documented is None]
            rows = own or ([] if statement.expectation else stops)
            return _explained(rows[0], half) if rows else None
        return None

    def _result(self, path: str) -> PageResult:
        if path not in self._results and all(page.path != path for page in self._batch):
            self._start([self._pages[path]])
        while path not in self._results:
            result = next(self._running)
            self._results[self._batch[result.page].path] = result
        return self._results[path]

    def _start(self, pages: Sequence[Page]) -> None:
        close = getattr(self._running, "close", None)
        if close is not None:
            close()
        self._batch = list(pages)
        self._running = check_pages(self._batch, self._backends, self._limits, 2)


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


def _page_problem(example: Example) -> str:
    check: Check = example.parsed
    return visible(check.page.problem)


def _statement_problem(example: Example) -> str | None:
    """Return what is wrong with a statement: for people, in lines."""
    row: Row | None = example.namespace["row"]
    if row is None or not is_false(row):
        return None
    lines = [f"{row.verdict.value}: {row.cause}" if row.cause else row.verdict.value]
    lines += ["", *(f"    {line}" for line in row.source.split("\n"))]
    if row.documented is not None:
        texts = {"documented": row.documented.strip()}
        if row.verdict is Verdict.DIFFERS:
            texts["printed"] = row.printed.strip("\n").rstrip()
        for label, text in texts.items():
            shown = (text or "(nothing)").split("\n")
            lines += ["", f"{label}:", *(f"    {line}" for line in shown)]
    return visible("\n".join(lines))


def _explained(row: Row, half: HalfResult) -> Row:
    """Return the row of a statement that was not reached with the reason why."""
    if row.verdict is not Verdict.NOT_REACHED:
        return row
    stop = next((other for other in half.rows if other.verdict is Verdict.ERROR), None)
    if stop is None:
        return row
    cause = f"line {stop.where} stopped the half: {stop.cause}"
    return dataclasses.replace(row, cause=cause)


def _is_last(page: Page, statement: Statement) -> bool:
    later = page.statements[statement.index + 1 :]
    key = (statement.example, statement.framework)
    return all((other.example, other.framework) != key for other in later)
