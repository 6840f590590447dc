"""A mutant: one file of the repository with one small change, which a test should notice."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

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


Make = Callable[[str], Iterable[Mutant]]


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


def sample(files: Iterable[str], make: Make, seed: int) -> Iterator[Mutant]:
    """Mutants in a random order: one of each file, then another of each, until there are no more.

    Those of a file are of all kinds in turn, and are made when the first is asked for.
    """
    order = list(files)
    random.Random(seed).shuffle(order)
    yield from _in_turn([_shuffled(file, make, seed) for file in order])


def _shuffled(file: str, make: Make, seed: int) -> Iterator[Mutant]:
    mutants = list(make(file))
    random.Random(f"{seed} {file}").shuffle(mutants)
    kinds: dict[str, list[Mutant]] = defaultdict(list)
    for mutant in mutants:
        kinds[mutant.kind].append(mutant)
    yield from _in_turn([iter(each) for each in kinds.values()])


def _in_turn(streams: list[Iterator[Mutant]]) -> Iterator[Mutant]:
    for each in zip_longest(*streams):
        yield from (mutant for mutant in each if mutant is not None)
