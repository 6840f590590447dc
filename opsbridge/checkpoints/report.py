"""The report of a conversion: a table for the terminal, Markdown, or JSON."""

from __future__ import annotations

import json
from collections import Counter

from opsbridge.checkpoints.convert import Conversion
from opsbridge.checkpoints.plan import GOOD, Row

_HEAD = ("status", "from", "to", "dtype", "shape", "note")


def summary(conversion: Conversion) -> str:
    """One line: how many tensors became what."""
    counted = Counter(row.status for row in conversion.rows)
    counts = ", ".join(f"{count} {status}" for status, count in counted.most_common())
    basis = {"guess": "names by guess, no network given", "record": "names as recorded in the file"}
    line = f"{conversion.target}: {counts} ({basis.get(conversion.based_on, conversion.based_on)})"
    renamed = [row for row in conversion.rows if row.status == "guessed" and row.note]
    if renamed:
        first = renamed[0]
        line += (
            f"\n{len(renamed)} names, such as {first.source} -> {first.target}, are those of layers"
            " of torch.nn; a layer that a translation keeps from opsbridge has MindSpore's names:"
            " --model NET.py:CALLABLE tells them apart"
        )
    return line


def terminal(conversion: Conversion, *, everything: bool) -> str:
    """The tensors that need a look, or all, in columns; then the summary."""
    rows = [row for row in conversion.rows if everything or row.status not in GOOD]
    cells = [_HEAD, *map(_cells, rows)] if rows else []
    widths = [max(len(row[column]) for row in cells) for column in range(len(_HEAD) * bool(cells))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]
    return "\n".join([*lines, summary(conversion)])


def markdown(conversion: Conversion) -> str:
    """All tensors as a Markdown table."""
    rows = [_HEAD, ("---",) * len(_HEAD), *map(_cells, conversion.rows)]
    escaped = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    table = "\n".join(f"| {' | '.join(row)} |" for row in escaped)
    return f"{summary(conversion)}\n\n{table}\n"


def as_json(conversion: Conversion) -> str:
    """All tensors as JSON."""
    report = {
        "source": conversion.source,
        "target": conversion.target,
        "based_on": conversion.based_on,
        "complete": conversion.is_complete(),
        "tensors": [row.as_json() for row in conversion.rows],
    }
    return json.dumps(report, indent=2, ensure_ascii=False) + "\n"


def _cells(row: Row) -> tuple[str, ...]:
    shape = "x".join(map(str, row.shape)) or "scalar"
    if row.target_shape not in (row.shape, ()):
        shape += " -> " + "x".join(map(str, row.target_shape))
    return row.status, row.source or "-", row.target or "-", row.dtype or "-", shape, row.note
