"""The progress bar of a doctest run: page, statement, elapsed time; only on a terminal."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePath
from typing import Any

from opsbridge.pages.model import Progress
from opsbridge.pages.text import visible

_STATEMENT_WIDTH = 40


class ProgressBar:
    """What a run calls while it goes on; without a terminal it prints the reports and no bar."""

    def __init__(self, bar: Any = None) -> None:
        self._bar = bar
        self._task = bar.add_task("", total=None, page="", statement="") if bar else None

    def update(self, progress: Progress) -> None:
        """Show where the run stands."""
        if self._bar is None:
            return
        statement = visible(" ".join(progress.statement.split()))[:_STATEMENT_WIDTH]
        self._bar.update(
            self._task,
            total=progress.total,
            completed=progress.done,
            page=visible(PurePath(progress.path).name),
            statement=f"{progress.where}  {statement}" if progress.where else "",
        )

    def print(self, text: str) -> None:
        """Print a part of the report above the bar."""
        if self._bar is not None and sys.stdout.isatty():
            self._bar.console.print(text, markup=False, highlight=False, soft_wrap=True)
        else:
            print(text, flush=True)


@contextmanager
def progress_bar(*, quiet: bool) -> Iterator[ProgressBar]:
    """Show a progress bar on standard error, if that is a terminal and nobody asks for quiet.

    A terminal of a CI service, which sets the variable CI, gets none; nor does one without `rich`.
    """
    bar = None if quiet or not _is_wanted() else _make_bar()
    if bar is None:
        yield ProgressBar()
    else:
        with bar:
            yield ProgressBar(bar)


def _is_wanted() -> bool:
    return sys.stderr.isatty() and not os.environ.get("CI") and os.environ.get("TERM") != "dumb"


def _make_bar() -> Any:
    try:
        rich: Any = importlib.import_module("rich.progress")
        console: Any = importlib.import_module("rich.console").Console(stderr=True)
    except ModuleNotFoundError:
        return None
    return rich.Progress(
        rich.BarColumn(bar_width=20),
        rich.MofNCompleteColumn(),
        rich.TimeElapsedColumn(),
        rich.TextColumn("{task.fields[page]}", markup=False),
        rich.TextColumn("{task.fields[statement]}", markup=False, style="dim"),
        console=console,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
