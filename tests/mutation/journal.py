"""What was found before: a killed mutant stays killed while tests are only added."""

from __future__ import annotations

import json
from pathlib import Path

from mutant import Lines


class Journal:
    """A file with a line for each mutant that is not to be tried again, or no file at all."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._found: dict[tuple[str, str, str], str] = {}
        if path is not None and path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                file, before, after, what = json.loads(line)
                self._found[file, before, after] = what

    def has(self, file: str, lines: Lines) -> bool:
        """Whether it is known what becomes of a mutant."""
        return (file, lines.before, lines.after) in self._found

    def what(self, file: str, lines: Lines) -> str:
        """What became of a mutant."""
        return self._found[file, lines.before, lines.after]

    def add(self, file: str, lines: Lines, what: str) -> None:
        """Note a mutant; a survivor is tried again, against the tests that come."""
        if self._path is not None and what != "survived":
            with self._path.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps([file, lines.before, lines.after, what]) + "\n")
