"""The progress bar of a doctest run: page, statement, elapsed time; only on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePath
from typing import Any

from opsbridge import progress
from opsbridge.pages.model import Progress
from opsbridge.visible import visible

_STATEMENT_WIDTH = 40


class ProgressBar:
    """What a run calls while it goes on; without a terminal it prints the reports and no bar."""

    def __init__(self, bar: Any = None) -> None:
        self._bar = bar
        self._task = bar.add_task("", total=None, page="", statement="") if bar else None

    def update(self, stand: Progress) -> None:
        """Show where the run stands."""
        if self._bar is None:
            return
        statement = visible(" ".join(stand.statement.split()))[:_STATEMENT_WIDTH]
        self._bar.update(
            self._task,
            total=stand.total,
            completed=stand.done,
            page=visible(PurePath(stand.path).name),
            statement=f"{stand.where}  {statement}" if stand.where else "",
        )

    def print(self, text: str) -> None:
        """Print a part of the report above the bar."""
        if self._bar is not None and sys.stdout.isatty():
            self._bar.console.print(text, markup=False, highlight=False, soft_wrap=True)
        else:
            print(text, flush=True)


@contextmanager
def progress_bar(*, quiet: bool) -> Iterator[ProgressBar]:
    """Show a progress bar where one can be shown, unless somebody asks for quiet."""
    bar = progress.bar("page", "statement", quiet=quiet)
    if bar is None:
        yield ProgressBar()
    else:
        with bar:
            yield ProgressBar(bar)
