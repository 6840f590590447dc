"""A mutant: one file of the repository with one small change, which a test should notice."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parents[2]
CSRC = "opsbridge/csrc/"


@dataclass(frozen=True)
class Mutant:
    """A change of a file; `kind` says in a word what was done to what."""

    file: str
    kind: str
    change: Callable[[str], str]

    @property
    def is_native(self) -> bool:
        """Whether it takes a compiler to plant it."""
        return self.file.startswith(CSRC)

    def planted(self, text: str) -> str:
        """The text of its file with the change."""
        return self.change(text)


@dataclass(frozen=True)
class Lines:
    """What a mutant does to the lines of its file; spaces at the ends of lines do not count."""

    number: int
    before: str
    after: str


def changed_lines(sound: str, mutated: str) -> Lines:
    """The lines that differ, from the first to the last."""
    before, after = sound.split("\n"), mutated.split("\n")
    first = _equal_at_start(before, after)
    rest = min(len(before), len(after)) - first
    last = min(_equal_at_start(before[::-1], after[::-1]), rest)
    return Lines(
        first + 1,
        _stripped(before[first : len(before) - last]),
        _stripped(after[first : len(after) - last]),
    )


def _equal_at_start(a: list[str], b: list[str]) -> int:
    pairs = zip(a, b, strict=False)
    return next((i for i, (x, y) in enumerate(pairs) if x != y), min(len(a), len(b)))


def _stripped(lines: list[str]) -> str:
    return "\n".join(line.strip() for line in lines)


def sample(mutants: Iterable[Mutant], seed: int, each: Literal["file", "kind"]) -> list[Mutant]:
    """Mutants in a random order that begins with one of each file (or kind), then another, ..."""
    shuffled = list(mutants)
    random.Random(seed).shuffle(shuffled)
    groups: dict[str, list[Mutant]] = defaultdict(list)
    for mutant in shuffled:
        groups[getattr(mutant, each)].append(mutant)
    rounds = zip_longest(*groups.values())
    return [mutant for one in rounds for mutant in one if mutant is not None]
