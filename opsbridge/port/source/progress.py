"""The progress bar of a translation, on a terminal that can show one."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def progress_bar(total: int, *, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Give a function that is told each step; it does nothing without a terminal or `rich`."""
    is_wanted = sys.stderr.isatty() and not os.environ.get("CI") and not quiet
    bar = _make_bar() if is_wanted and os.environ.get("TERM") != "dumb" else None
    if bar is None:
        yield lambda place: None
        return
    with bar:
        task = bar.add_task("", total=total, place="")
        yield lambda place: bar.update(task, advance=1, place=place)


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
        rich.TextColumn("{task.fields[place]}", markup=False),
        console=console,
        transient=True,
    )
