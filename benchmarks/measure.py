"""Times peers side by side, by these rules.

Inputs rotate, for a branch predictor learns an input that is repeated. Peers take turns in every
round, and another one begins each time, so that a busy machine and cold caches are shared out
fairly. Results are new at every call, and the one before is gone. On one thread the CPU time of the
calling thread counts, which other processes hardly disturb, and its median; for more threads, or a
peer with threads of its own, wall-clock time, and its minimum.
"""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmarks.agreement import Agreement, compare, worst
from benchmarks.case import Case
from benchmarks.ceilings import work_of
from benchmarks.inputs import Inputs
from benchmarks.peers import Adapter, Call, PeerMissing, adapter_of
from benchmarks.results import CaseResult, PeerResult, Timing, slope

ROUNDS = 15
SAMPLE_SECONDS = 1e-3
"""A sample lasts at least this long: short calls are repeated, over all inputs."""
BRIEF_SECONDS = 0.1
LEAST_SAMPLES = 5
"""A call so brief is sampled so often whatever the budget: the first ones fault new pages in."""
ROTATION_BYTES = 16 << 20
"""So many bytes of inputs are rotated, 2 to 32 inputs."""
KEPT_BYTES = 256 << 20
"""So many bytes of results are compared."""


def rotated_inputs(case: Case) -> list[Inputs]:
    """Several inputs of the case, drawn anew each but the same in every run."""
    generator = np.random.default_rng(int.from_bytes(case.name.encode()))
    first = case.make(generator)
    size = sum(array.nbytes for array in first.values())
    count = max(2, min(32, ROTATION_BYTES // size))
    return [first, *(case.make(generator) for _ in range(count - 1))]


@dataclass
class Contestant:
    """A peer that takes part in a case."""

    name: str
    adapter: Adapter
    calls: list[Call]
    result: PeerResult
    estimate: float = math.inf
    """The shortest call so far, on the wall clock."""
    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)

    def sample(self, round_number: int) -> None:
        """Time one call if it is long, else as many rotations as fill a sample."""
        calls = self.calls
        if self.estimate * len(calls) > 50 * SAMPLE_SECONDS:
            calls = [calls[round_number % len(calls)]]
        repeats = max(1, math.ceil(SAMPLE_SECONDS / max(self.estimate * len(calls), 1e-9)))
        calls = calls * min(repeats, 1_000)
        wall, cpu = time.perf_counter_ns(), time.thread_time_ns()
        for call in calls:
            call()
        cpu, wall = time.thread_time_ns() - cpu, time.perf_counter_ns() - wall
        self.cpu.append(cpu / len(calls) / 1e9)
        self.wall.append(wall / len(calls) / 1e9)
        self.estimate = min(self.estimate, self.wall[-1])

    def conclude(self, clock: str) -> None:
        """Move the samples' statistics into the result."""
        self.result.cpu, self.result.wall = Timing.of(self.cpu), Timing.of(self.wall)
        self.result.clock = "wall" if self.adapter.own_threads else clock
        on_wall = self.result.clock == "wall"
        self.result.seconds = self.result.wall.min if on_wall else self.result.cpu.median


class Estimates:
    """How long a peer will take at the next size of a curve, from the sizes before."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, str, int], list[tuple[int, float]]] = {}

    def predict(self, case: Case, peer: str) -> float | None:
        """By the growth between the last two sizes, or as the square after only one."""
        known = self._known.get(self._key(case, peer), [])
        if not known:
            return None
        size, seconds = known[-1]
        fitted = slope(*zip(*known[-2:], strict=True)) if len(known) > 1 else 2.0
        return float(seconds * (case.size / size) ** max(fitted or 0.0, 0.0))

    def learn(self, case: Case, peer: str, seconds: float) -> None:
        self._known.setdefault(self._key(case, peer), []).append((case.size, seconds))

    @staticmethod
    def _key(case: Case, peer: str) -> tuple[str, str, str, int]:
        return case.operator, case.variant, peer, case.threads


def measure(case: Case, estimates: Estimates, seconds: float, patience: float) -> CaseResult:
    """Run a case for about so many seconds; no peer whose one call would outlast `patience`."""
    began = time.perf_counter()
    inputs = rotated_inputs(case)
    outcome = _outcome(case, len(inputs))
    warm_up = min(1.0, seconds / (2 * len(case.peers)))
    contestants = []
    expected: list[dict[str, Any]] = []
    for peer in case.peers:
        result = PeerResult(peer, "measured")
        outcome.peers.append(result)
        estimate = estimates.predict(case, peer)
        if estimate is not None and estimate > patience:
            result.status, result.note = "skipped", f"about {estimate:.3g} s a call"
            estimates.learn(case, peer, estimate)
            continue
        try:
            contestant = _enter(case, peer, inputs, result)
            least = 2 if estimate is None else 1
            limit = max(len(expected), least) if expected else len(inputs)
            produced = _first_results(contestant, inputs[:limit], least, warm_up)
        except PeerMissing as missing:
            result.status, result.note = "missing", str(missing)
            continue
        except Exception as error:
            # A peer's failure is a result, whatever its kind.
            result.status, result.note = "failed", f"{type(error).__name__}: {error}"
            continue
        estimates.learn(case, peer, contestant.estimate)
        contestants.append(contestant)
        if case.compared:
            _judge(case, result, expected, produced)
    outcome.work = work_of(case, inputs[0], expected[0] if expected else {})
    with _no_collection():
        _rounds(contestants, seconds - (time.perf_counter() - began))
    for contestant in contestants:
        contestant.conclude(case.clock)
    return outcome


def not_measured(case: Case, reason: str) -> CaseResult:
    """A case that was left out."""
    outcome = _outcome(case, 0)
    outcome.peers = [PeerResult(peer, "skipped", reason) for peer in case.peers]
    return outcome


def _outcome(case: Case, rotated: int) -> CaseResult:
    return CaseResult(
        case.name, case.operator, case.variant, case.size, case.unit, case.threads, rotated
    )


def _enter(case: Case, peer: str, inputs: list[Inputs], result: PeerResult) -> Contestant:
    adapter = adapter_of(peer, case.operator, case.threads)
    calls = [adapter.prepare(given, case.options) for given in inputs]
    return Contestant(peer, adapter, calls, result)


def _first_results(
    contestant: Contestant, inputs: list[Inputs], least: int, seconds: float
) -> list[dict[str, Any]]:
    """Results on the first inputs, as many as are quickly had and kept; they warm up, too.

    A peer's very first call may compile or import, so it is no estimate and no sample: `least` is
    2 then. Otherwise a call of more than a second counts as a sample.
    """
    produced = []
    began, kept = time.perf_counter(), 0
    for number, (call, given) in enumerate(zip(contestant.calls, inputs, strict=False), start=1):
        wall, cpu = time.perf_counter_ns(), time.thread_time_ns()
        result = call()
        cpu, wall = time.thread_time_ns() - cpu, time.perf_counter_ns() - wall
        produced.append(contestant.adapter.read(result, given))
        del result
        contestant.estimate = min(contestant.estimate, wall / 1e9)
        kept += sum(array.nbytes for array in produced[-1].values())
        if number < least:
            began = time.perf_counter()
            continue
        if wall > 1e9:
            contestant.cpu.append(cpu / 1e9)
            contestant.wall.append(wall / 1e9)
        if time.perf_counter() - began > seconds or kept > KEPT_BYTES:
            break
    return produced


def _judge(
    case: Case, result: PeerResult, expected: list[dict[str, Any]], produced: list[dict[str, Any]]
) -> None:
    """Compare with the first peer that ran, on the inputs that both have seen."""
    if not expected:
        expected.extend(produced)
        result.agreement = "base"
        return
    pairs = zip(expected, produced, strict=False)
    agreement: Agreement = worst([compare(*pair, case.tolerance) for pair in pairs])
    result.agreement, result.difference = agreement.verdict, agreement.difference


def _rounds(contestants: list[Contestant], seconds: float) -> None:
    """Rounds until there are enough or the time is up, but a few short samples in any case."""
    began = time.perf_counter()
    for number in range(ROUNDS):
        turn = number % max(len(contestants), 1)
        for contestant in contestants[turn:] + contestants[:turn]:
            left = seconds - (time.perf_counter() - began)
            due = LEAST_SAMPLES if contestant.estimate < BRIEF_SECONDS else 1
            if len(contestant.cpu) < due or contestant.estimate < left:
                contestant.sample(number)


@contextmanager
def _no_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
