"""The faults of the museum: what some implementation got wrong once, as a change of our sources.

Each is written down in `faults/*.toml`:

name, story, thread
    What it is called, what went wrong, and where people talked about it.
file, before, after
    The change: text that `file` (below the root of the repository) holds exactly once, and what
    takes its place. The first line break of a text of several lines is not part of it.
caught_by
    The tests of which at least one fails where the fault is planted.
needs
    A package without which these tests are skipped, if there is one.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).with_name("faults")
CSRC = "opsbridge/csrc/"


@dataclass(frozen=True)
class Fault:
    """One exhibit."""

    name: str
    story: str
    thread: str
    file: str
    before: str
    after: str
    caught_by: tuple[str, ...]
    needs: str = "pytest"

    @property
    def is_native(self) -> bool:
        """Whether it takes a compiler to plant it."""
        return self.file.startswith(CSRC)

    def planted(self, text: str) -> str:
        """The text of its file with the fault in it."""
        count = text.count(self.before)
        assert count == 1, f"{self.name}: {self.file} holds the text before the fault {count} times"
        return text.replace(self.before, self.after)


def all_faults() -> list[Fault]:
    """All exhibits, in the order of the files."""
    return [
        Fault(**{**entry, "caught_by": tuple(entry["caught_by"])})
        for path in sorted(FOLDER.glob("*.toml"))
        for entry in tomllib.loads(path.read_text(encoding="utf-8"))["fault"]
    ]
