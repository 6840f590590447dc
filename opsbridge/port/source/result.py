"""What a translation says: one point for every place that has to change, summed per file."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field


class Outcome(enum.Enum):
    """What became of a conversion point."""

    EXACT = "exact"
    APPROXIMATE = "approximate"
    BY_HAND = "by hand"


class Target(enum.Enum):
    """What translated code may need beside PyTorch."""

    TORCHVISION = "torchvision"
    OPSBRIDGE = "opsbridge"


@dataclass(frozen=True, order=True)
class Point:
    """A place of the source that names or calls MindSpore."""

    line: int
    column: int
    name: str
    outcome: Outcome = field(compare=False)
    became: str = field(default="", compare=False)
    reason: str = field(default="", compare=False)
    suggestion: str = field(default="", compare=False)


@dataclass(frozen=True)
class FileResult:
    """A translated file, a copied one (no text), or one with a problem (left as it was)."""

    place: str
    points: tuple[Point, ...] = ()
    before: str | None = None
    after: str | None = None
    problem: str = ""

    @property
    def is_changed(self) -> bool:
        """Whether the translation differs from the source."""
        return self.before != self.after

    def counts(self) -> Counter[Outcome]:
        """Points by outcome."""
        return Counter(point.outcome for point in self.points)


@dataclass(frozen=True)
class Report:
    """A whole run."""

    target: Target
    files: tuple[FileResult, ...]
    advice: tuple[str, ...] = ()

    def counts(self) -> Counter[Outcome]:
        """Points of all files by outcome."""
        return total(file.counts() for file in self.files)

    @property
    def found(self) -> int:
        """How many points there are."""
        return sum(self.counts().values())

    @property
    def unsupported(self) -> int:
        """How many points, and files that could not be read, are left to be done by hand."""
        problems = sum(bool(file.problem) for file in self.files)
        return self.counts()[Outcome.BY_HAND] + problems

    def summary(self) -> str:
        """One line of counts."""
        counts = self.counts()
        by_hand = counts[Outcome.BY_HAND]
        done = self.found - by_hand
        share = f" ({100 * done / self.found:.2f} %)" if self.found else ""
        changed = sum(file.is_changed for file in self.files)
        return (
            f"{len(self.files)} files, {changed} changed; {self.found} conversion points found, "
            f"{done} translated{share}: {counts[Outcome.EXACT]} exact, "
            f"{counts[Outcome.APPROXIMATE]} approximate; {by_hand} by hand"
        )


def total(counters: Iterable[Counter[Outcome]]) -> Counter[Outcome]:
    """Return the sum of counters."""
    result: Counter[Outcome] = Counter()
    for counter in counters:
        result.update(counter)
    return result
