"""What is mutated and tested (plan.toml), and which mutants no test can tell (equivalent.toml)."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from mutant import ROOT, Lines

PARTS = ("headers", "tables", "translator")


@dataclass(frozen=True)
class Group:
    """Files of a part, and the tests of them in stages, the likely killers first."""

    part: str
    files: tuple[str, ...]
    stages: tuple[tuple[str, ...], ...]
    unless: tuple[str, ...] = ()

    def has(self, file: str) -> bool:
        """Whether a file, below the root of the repository, is one of these."""
        return _is_any(file, self.files) and not _is_any(file, self.unless)

    def stages_of(self, file: str) -> Iterator[tuple[str, ...]]:
        """The stages that have tests of a file; `{folder}` and `{name}` in one are the file's."""
        path = Path(file)
        for stage in self.stages:
            patterns = [test.format(folder=path.parent.name, name=path.stem) for test in stage]
            tests = tuple(test for pattern in patterns for test in _existing(pattern))
            if tests:
                yield tests


def _existing(pattern: str) -> list[str]:
    if "*" not in pattern:
        return [pattern]
    return [path.relative_to(ROOT).as_posix() for path in sorted(ROOT.glob(pattern))]


@dataclass(frozen=True)
class Equivalent:
    """A mutant that behaves as the sound file does, and why; without `after`, any of a line."""

    file: str
    before: str
    reason: str
    after: str | None = None

    def is_this(self, file: str, lines: Lines) -> bool:
        """Whether a change of a file is this one, wherever its lines are now."""
        is_here = (file, lines.before) == (self.file, self.before)
        return is_here and self.after in (None, lines.after)


def groups(part: str) -> list[Group]:
    """The groups of a part."""
    found = [
        Group(each["part"], tuple(each["files"]), _stages(each), tuple(each.get("unless", ())))
        for each in _read("plan.toml", "groups")
    ]
    return [group for group in found if group.part == part]


def files_of(part: str) -> Iterator[tuple[str, Group]]:
    """Every file of a part, each with the first group that has it."""
    seen = set()
    for group in groups(part):
        for pattern in group.files:
            for path in sorted(ROOT.glob(pattern)):
                file = path.relative_to(ROOT).as_posix()
                if file not in seen and group.has(file):
                    seen.add(file)
                    yield file, group


def equivalents() -> list[Equivalent]:
    """The mutants that are known to change nothing that a test could see."""
    return [Equivalent(**each) for each in _read("equivalent.toml", "equivalent")]


def _stages(group: dict[str, Any]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(stage) for stage in group["stages"])


def _read(name: str, key: str) -> list[dict[str, Any]]:
    text = Path(__file__).with_name(name).read_text(encoding="utf-8")
    found: list[dict[str, Any]] = tomllib.loads(text).get(key, [])
    return found


def _is_any(file: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(file, pattern) for pattern in patterns)
