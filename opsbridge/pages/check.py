"""Checks the examples of pages: every half on every backend asked for, several at a time."""

from __future__ import annotations

import importlib.util
import os
import queue
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from opsbridge.pages.judge import judge_half
from opsbridge.pages.launch import Launcher
from opsbridge.pages.model import (
    Backend,
    Framework,
    HalfResult,
    Page,
    PageResult,
    Progress,
    Row,
    Verdict,
)
from opsbridge.pages.plan import Half, halves_of
from opsbridge.pages.rerun import compared
from opsbridge.pages.run import HalfRecord, Job, Limits, run_job
from opsbridge.pages.sandbox import available

_MOST_RUNS_OF_RANDOM_HALVES = 4


@dataclass(frozen=True)
class Backends:
    """What the halves of each framework run on.

    Two backends are compared with each other as well: a further result, of Backend.COMPARED, has a
    row for every statement that ran on both.
    """

    torch: tuple[Backend, ...] = (Backend.PYTORCH,)
    mindspore: tuple[Backend, ...] = (Backend.MINDSPORE,)

    @classmethod
    def chosen(cls, torch: str | None = None, mindspore: str | None = None) -> Backends:
        """Return the backends that 'real', 'opsbridge' or 'both' mean for each framework.

        None means the real PyTorch, and for MindSpore both where it is installed, else opsbridge.
        """
        if mindspore is None:
            mindspore = "both" if importlib.util.find_spec("mindspore") else "opsbridge"
        return cls(_chosen(torch or "real", Backend.PYTORCH), _chosen(mindspore, Backend.MINDSPORE))

    def of(self, framework: Framework) -> tuple[Backend, ...]:
        """Return what the halves of a framework run on."""
        if framework is Framework.TORCH:
            return self.torch
        return self.mindspore if framework is Framework.MINDSPORE else (Backend.PYTHON,)


def _chosen(choice: str, real: Backend) -> tuple[Backend, ...]:
    return {
        "real": (real,),
        "opsbridge": (Backend.OPSBRIDGE,),
        "both": (real, Backend.OPSBRIDGE),
    }[choice]


def usual_workers() -> int:
    """Return how many halves run at a time unless asked for: each may need a gigabyte or two."""
    return min(os.cpu_count() or 1, 8)


def describe_isolation() -> str:
    """Return one line for the head of a report: what this system keeps the code of a half from."""
    return available().describe()


def check_pages(
    pages: Sequence[Page],
    backends: Backends,
    limits: Limits,
    workers: int,
    on_progress: Callable[[Progress], None] | None = None,
    *,
    fresh: bool = False,
) -> Iterator[PageResult]:
    """Yield the result of every page as it is done, in any order.

    A half that several pages have, with the same statements, is run once. A half with an output
    that is not the documented one is run again, in another interpreter, to see if it is random.

    Args:
        pages: what to check; a page without examples has a result without halves.
        backends: what the halves run on.
        limits: what one half may use.
        workers: how many halves run at a time, at least 1.
        on_progress: called in the thread that takes the results.
        fresh: start a new interpreter for every half instead of forking a warm one.
    """
    run = _Run(pages, backends, limits, on_progress)
    for number, halves in enumerate(run.halves):
        if not halves:
            yield PageResult(number, ())
    with Launcher(fresh=fresh) as launcher, ThreadPoolExecutor(workers) as executor:
        try:
            for task in run.tasks():
                executor.submit(run.do, task, launcher)
            yield from run.results()
        finally:
            executor.shutdown(wait=False, cancel_futures=True)
            launcher.stop()


@dataclass
class _Task:
    """A job and the halves, perhaps of several pages, that it answers."""

    job: Job
    users: list[tuple[int, Half]] = field(default_factory=list)


@dataclass
class _Done:
    """The results of a task, by page and position among the halves of the page."""

    results: list[tuple[int, int, HalfResult]]


class _Run:
    def __init__(
        self,
        pages: Sequence[Page],
        backends: Backends,
        limits: Limits,
        on_progress: Callable[[Progress], None] | None,
    ) -> None:
        self.halves = [halves_of(page, backends.of) for page in pages]
        self._pages = pages
        self._limits = limits
        self._on_progress = on_progress
        self._events: queue.SimpleQueue[Progress | _Done | BaseException] = queue.SimpleQueue()
        self._start = time.monotonic()
        self._done = 0
        self._total = sum(map(len, self.halves))

    def tasks(self) -> list[_Task]:
        """Return the jobs of all halves, equal ones once."""
        tasks: dict[object, _Task] = {}
        for number, halves in enumerate(self.halves):
            for half in halves:
                tasks.setdefault(half.job.key(), _Task(half.job)).users.append((number, half))
        return list(tasks.values())

    def do(self, task: _Task, launcher: Launcher) -> None:
        """Run a task and judge every half that it answers; called in a worker thread."""
        number, half = task.users[0]
        try:
            first = run_job(
                task.job, self._limits, launcher, lambda step: self._begun(number, half, step)
            )
            others: list[HalfRecord] = []
            judged = [self._judge(*user, first, others) for user in task.users]
            while _may_be_random(judged, len(others)):
                others.append(run_job(task.job, self._limits, launcher, again=True))
                judged = [self._judge(*user, first, others) for user in task.users]
            results = []
            for (page, user), rows in zip(task.users, judged, strict=True):
                is_first = user is half
                result = HalfResult(
                    user.example,
                    user.framework,
                    user.backend,
                    tuple(rows),
                    first.seconds if is_first else 0.0,
                    "" if is_first else self._pages[number].path,
                )
                results.append((page, user.position, result))
            self._events.put(_Done(results))
        except BaseException as error:
            self._events.put(error)

    def results(self) -> Iterator[PageResult]:
        """Yield pages as their last half is done; report progress meanwhile."""
        found: list[dict[int, HalfResult]] = [{} for _ in self.halves]
        while self._done < self._total:
            event = self._events.get()
            if isinstance(event, Progress):
                self._tell(event)
                continue
            if isinstance(event, BaseException):
                raise event
            for page, position, result in event.results:
                found[page][position] = result
                self._done += 1
                self._tell(Progress(self._pages[page].path, "", "", 0.0, 0, 0))
                if len(found[page]) == len(self.halves[page]):
                    ordered = [found[page][each] for each in sorted(found[page])]
                    yield PageResult(page, tuple(_with_comparisons(ordered)))

    def _judge(
        self, number: int, half: Half, first: HalfRecord, others: Sequence[HalfRecord]
    ) -> list[Row]:
        return judge_half(
            self._pages[number], half.statements, half.prelude,
            half.named(first), half.backend, [half.named(other) for other in others],
        )  # fmt: skip

    def _begun(self, number: int, half: Half, step: int) -> None:
        page, statement = self._pages[number], half.steps[step]
        where = page.where(statement.first_line)
        self._events.put(Progress(page.path, where, statement.source, 0.0, 0, 0))

    def _tell(self, event: Progress) -> None:
        if self._on_progress:
            seconds = time.monotonic() - self._start
            self._on_progress(
                Progress(event.path, event.where, event.statement, seconds, self._done, self._total)
            )


def _may_be_random(judged: Sequence[Sequence[Row]], runs: int) -> bool:
    """Whether another run could tell that an output which differs is random.

    One more run tells; where it found random outputs in the half, those that happen to be equal in
    both runs (zeros, after a rectifier) deserve some more.
    """
    verdicts = {row.verdict for rows in judged for row in rows}
    most = _MOST_RUNS_OF_RANDOM_HALVES if Verdict.RANDOM in verdicts else 1
    return Verdict.DIFFERS in verdicts and runs < most


def _with_comparisons(results: Sequence[HalfResult]) -> Iterator[HalfResult]:
    """Yield the halves of a page; after one on opsbridge its comparison with the real one."""
    for number, result in enumerate(results):
        yield result
        before = results[number - 1] if number else None
        if (
            result.backend is Backend.OPSBRIDGE
            and before is not None
            and (before.example, before.framework) == (result.example, result.framework)
        ):
            rows = tuple(compared(before.rows, result.rows))
            if rows:
                yield HalfResult(result.example, result.framework, Backend.COMPARED, rows)
