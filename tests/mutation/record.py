"""Writes what became of the mutants into the record of the page on what was tested."""

from __future__ import annotations

import datetime
import json
from collections import Counter
from pathlib import Path

from trust_record import versions


def write_record(path: Path, part: str, seed: int, counts: Counter[str]) -> None:
    """Put the counts of one part into the record, in place of those of an earlier run."""
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    run = kept.setdefault("mutation", {"parts": {}})
    run["parts"][part] = {
        "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
        "seed": seed,
        "versions": versions(),
        **{what: counts[what] for what in ("killed", "survived", "equivalent", "refused")},
    }
    text = json.dumps(kept, indent=2, ensure_ascii=False, sort_keys=True)
    path.write_text(text + "\n", encoding="utf-8")
