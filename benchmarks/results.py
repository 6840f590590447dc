"""What a run leaves behind: the JSON file's schema, as dataclasses, and its statistics."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

FORMAT = 1


@dataclass
class Timing:
    """Seconds a call, over rotated inputs."""

    median: float
    min: float
    max: float
    samples: int

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Timing:
        return cls(median(seconds), min(seconds), max(seconds), len(seconds))


@dataclass
class PeerResult:
    """One peer in one case."""

    peer: str
    status: str
    """`measured`, `missing` (not installed), `skipped` (too slow) or `failed`."""
    note: str = ""
    """The reason of any other status than `measured`."""
    cpu: Timing | None = None
    """The calling thread's CPU time."""
    wall: Timing | None = None
    seconds: float | None = None
    """What is compared: the median CPU time, or the minimal wall-clock time."""
    clock: str = "cpu"
    agreement: str = ""
    """`same` bits, `close`, `differs`, `base`, or empty where nothing was compared."""
    difference: str = ""
    """The largest difference from the base, in words."""
    extra_bytes: int | None = None
    """Memory that a call needs beyond its inputs and its result."""


@dataclass
class CaseResult:
    """One case and all its peers, the base first."""

    name: str
    operator: str
    variant: str
    size: int
    unit: str
    threads: int
    rotated_inputs: int
    work: dict[str, float] = field(default_factory=dict)
    """`bytes` that must be moved and `operations` that must be done."""
    peers: list[PeerResult] = field(default_factory=list)

    def measured(self) -> list[PeerResult]:
        return [peer for peer in self.peers if peer.seconds]

    def find(self, peer: str) -> PeerResult | None:
        return next((result for result in self.peers if result.peer == peer), None)


@dataclass
class Run:
    """A whole run."""

    machine: dict[str, Any]
    versions: dict[str, str]
    settings: dict[str, Any]
    ceilings: dict[str, float]
    cases: list[CaseResult]
    format: int = FORMAT


def save(run: Run, path: Path) -> None:
    path.write_text(json.dumps(asdict(run), indent=1) + "\n")


def load(path: Path) -> Run:
    """A run as it was saved; a field too many or too few is a TypeError."""
    fields = json.loads(path.read_text())
    if fields.get("format") != FORMAT:
        raise ValueError(f"{path}: format {fields.get('format')!r}, this reads {FORMAT}")
    fields["cases"] = [_case(case) for case in fields["cases"]]
    return Run(**fields)


def _case(fields: dict[str, Any]) -> CaseResult:
    return CaseResult(**{**fields, "peers": [_peer(peer) for peer in fields["peers"]]})


def _peer(fields: dict[str, Any]) -> PeerResult:
    timings = {
        clock: Timing(**fields[clock]) if fields[clock] else None for clock in ("cpu", "wall")
    }
    return PeerResult(**{**fields, **timings})


# --- statistics --------------------------------------------------------------------------------


def ratio_to_base(case: CaseResult, peer: PeerResult) -> float | None:
    """How many times faster than the case's base: above one is faster."""
    base = case.peers[0]
    return base.seconds / peer.seconds if base.seconds and peer.seconds else None


def best_rival(case: CaseResult, own: str = "opsbridge") -> PeerResult | None:
    """The fastest peer that is not ours and does not disagree."""
    rivals = [
        peer
        for peer in case.measured()
        if not peer.peer.startswith(own) and peer.agreement != "differs"
    ]
    return min(rivals, key=lambda peer: peer.seconds or math.inf, default=None)


def slope(sizes: Sequence[float], seconds: Sequence[float]) -> float | None:
    """The exponent of growth: fitted to the logarithms, over the upper half of the sizes."""
    points = sorted(zip(sizes, seconds, strict=True))
    upper = points[min(len(points) // 2, max(len(points) - 2, 0)) :]
    if len(upper) < 2:
        return None
    xs, ys = ([math.log(point[axis]) for point in upper] for axis in (0, 1))
    middle_x, middle_y = sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((x - middle_x) ** 2 for x in xs)
    if spread == 0:
        return None
    return sum((x - middle_x) * (y - middle_y) for x, y in zip(xs, ys, strict=True)) / spread


@dataclass
class Curve:
    """Time against size of one peer, the other things equal."""

    operator: str
    variant: str
    unit: str
    peer: str
    sizes: list[int]
    seconds: list[float]

    @property
    def slope(self) -> float | None:
        return slope(self.sizes, self.seconds)


def curves(cases: Iterable[CaseResult]) -> list[Curve]:
    """All curves of at least two points, on one thread."""
    found: dict[tuple[str, ...], Curve] = {}
    for case in cases:
        if case.threads != 1:
            continue
        for peer in case.measured():
            key = (case.operator, case.variant, case.unit, peer.peer)
            curve = found.setdefault(key, Curve(*key, sizes=[], seconds=[]))
            curve.sizes.append(case.size)
            curve.seconds.append(peer.seconds or math.nan)
    return [curve for curve in found.values() if len(curve.sizes) > 1]
