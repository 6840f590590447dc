"""What a case is, and which of them a run takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmarks.inputs import Generator, Inputs

OPSBRIDGE = "opsbridge torch"
CALL_PEERS = ("torchvision", OPSBRIDGE, "opsbridge numpy", "opsbridge mindspore")
"""Who competes where the cost of the call itself is measured."""


@dataclass(frozen=True)
class Case:
    """One row: an operator on inputs of one size, by several peers."""

    operator: str
    variant: str
    """Distribution or shape; cases that differ in `size` alone form a curve."""
    size: int
    unit: str
    make: Callable[[Generator], Inputs]
    options: Mapping[str, Any]
    peers: tuple[str, ...]
    threads: int = 1
    clock: str = "cpu"
    """`cpu`: medians of the calling thread's CPU time; `wall`: minima of wall-clock time."""
    tolerance: float = 0.0
    """Largest difference from the base, relative to its largest value, that counts as agreement."""
    compared: bool = True
    quick: bool = False
    memory: tuple[str, ...] = field(default=())
    """Peers whose extra memory is measured too."""

    @property
    def name(self) -> str:
        threads = "" if self.threads == 1 else f", {self.threads} threads"
        return f"{self.operator} {self.variant} {self.size:,} {self.unit}{threads}"


def select(cases: tuple[Case, ...], quick: bool, threads: set[int], pattern: str) -> list[Case]:
    """The cases of a run; `pattern` is words that must all occur in a name."""
    words = pattern.lower().split()
    return [
        case
        for case in cases
        if (case.quick or not quick)
        and case.threads in threads
        and all(word in case.name.lower() for word in words)
    ]
