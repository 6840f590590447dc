"""The bar of a command that takes its time: on standard error, on a terminal that can show one."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any


def bar(*fields: str, quiet: bool) -> Any:
    """A bar of `rich` that shows these fields of its task, the first one plain, others dim.

    None where nobody wants it (`quiet`, no terminal, a CI service) or without `rich`.
    """
    is_seen = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
    if quiet or not is_seen or os.environ.get("CI"):
        return None
    try:
        rich: Any = importlib.import_module("rich.progress")
        console: Any = importlib.import_module("rich.console").Console(stderr=True)
    except ModuleNotFoundError:
        return None
    return rich.Progress(
        rich.BarColumn(bar_width=20),
        rich.MofNCompleteColumn(),
        rich.TimeElapsedColumn(),
        *(
            rich.TextColumn(
                f"{{task.fields[{field}]}}", markup=False, style="dim" if place else "none"
            )
            for place, field in enumerate(fields)
        ),
        console=console,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
