"""Difference pages as pytest items, collected by Sybil: one per documented statement and backend.

A page is parsed as for `opsbridge doctest` and its halves run once, in child processes, when the
first of its items needs a result.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from sybil import Document, Region, Sybil

from opsbridge.pages.check import Backends, check_pages, usual_workers
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
from opsbridge.pages.pytest_items import (
    Check,
    PageDocument,
    PageFile,
    PageSybil,
    StatementItem,
    page_problem,
    statement_problem,
)
from opsbridge.pages.report import is_checked, is_false
from opsbridge.pages.run import Limits
from opsbridge.visible import visible


class Pages:
    """The plugin of a session in which pages are checked."""

    def __init__(self, config: pytest.Config) -> None:
        self._backends = Backends.chosen(
            config.getoption("opsbridge_torch"), config.getoption("opsbridge_mindspore")
        )
        self._limits = Limits(config.getoption("opsbridge_timeout") or Limits().seconds)
        # A worker of pytest-xdist gets some of the items, and has others beside it.
        self._is_shared = hasattr(config, "workerinput")
        self._workers = 1 if self._is_shared else usual_workers()
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
        if not self._is_shared:
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
            compared = item.check.backend is Backend.COMPARED
            reason = "it did not run on both" if compared else "the comment is no output"
            item.add_marker(pytest.mark.skip(reason=reason))

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
            yield Region(0, 0, Check(report), page_problem)
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
                yield Region(start, start, check, statement_problem)

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
        self._running = check_pages(self._batch, self._backends, self._limits, self._workers)


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
