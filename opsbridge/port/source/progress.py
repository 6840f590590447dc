"""The progress bar of a translation: the file at hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from opsbridge import progress


@contextmanager
def progress_bar(total: int, *, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Give a function that is told each step; it does nothing where no bar is shown."""
    bar = progress.bar("place", quiet=quiet)
    if bar is None:
        yield lambda place: None
        return
    with bar:
        task = bar.add_task("", total=total, place="")
        yield lambda place: bar.update(task, advance=1, place=place)
