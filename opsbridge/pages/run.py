"""Runs halves in child processes under limits and collects what each statement did."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from opsbridge.pages.evidence import Failure
from opsbridge.pages.launch import Launcher, Started, modules_of
from opsbridge.pages.model import Backend, Cause
from opsbridge.pages.sandbox import available

TOO_MUCH = "printed too much"
_POLL_SECONDS = 0.02
_MAX_RESULT_BYTES = 64 << 20


@dataclass(frozen=True)
class Limits:
    """What one half may use."""

    seconds: float = 300.0
    output_bytes: int = 1 << 20
    """Printed by one statement."""
    memory_bytes: int = 8 << 30
    file_bytes: int = 256 << 20
    """Written to files, shared memory included."""
    processes: int = 1024
    """Processes and threads at a time."""


@dataclass(frozen=True)
class Step:
    """One statement of a job."""

    index: int
    line: int
    source: str
    show: bool = False
    """Show the value of a bare expression as the interactive prompt does."""
    value_of: str = ""
    """Print this name afterwards."""
    errors: tuple[str, ...] = ()
    """Exception classes after which the half goes on, because the page documents them."""


@dataclass(frozen=True)
class Job:
    """One half on one backend."""

    lines: tuple[str, ...]
    """Written to the file that the code seems to come from, so that tracebacks and
    inspect.getsource work."""
    steps: tuple[Step, ...]
    backend: Backend
    stand_in: str = ""
    """The framework that opsbridge stands in for, or ''."""

    def key(self) -> object:
        """Return what two jobs have in common that do the same."""
        steps = tuple((step.source, step.show, step.value_of, step.errors) for step in self.steps)
        return self.backend, self.stand_in, steps


@dataclass(frozen=True)
class Outcome:
    """What one statement printed and raised."""

    output: str
    cut: bool = False
    failure: Failure | None = None


@dataclass
class HalfRecord:
    """What came of a half: the outcomes by statement, and how the process ended before its time."""

    outcomes: dict[int, Outcome] = field(default_factory=dict)
    running: int | None = None
    done: bool = False
    ended: str = ""
    kind: Cause = Cause.ENDED
    seconds: float = 0.0


def run_job(
    job: Job,
    limits: Limits,
    launcher: Launcher,
    on_start: Callable[[int], None] | None = None,
    *,
    again: bool = False,
) -> HalfRecord:
    """Run a job in a child process and return what its statements did.

    on_start is told the index of every statement that begins; again says that the job ran before.
    The child's directory, home and temporary files vanish with it.
    """
    with tempfile.TemporaryDirectory(prefix="opsbridge-", ignore_cleanup_errors=True) as folder:
        root = Path(folder)
        code = root / "example.py"
        code.write_text("\n".join(job.lines) + "\n", encoding="utf-8")
        work = root / "work"
        work.mkdir()
        described = root / "job.json"
        described.write_text(json.dumps(_described(job, code, work, limits)), encoding="utf-8")
        modules = modules_of([step.source for step in job.steps], job.stand_in)
        with (
            open(root / "output", "ab+") as output,
            launcher.start(described, output.fileno(), modules, again=again) as started,
        ):
            return _Watch(started, output.fileno(), limits, on_start).run(launcher.stopping)


def _described(job: Job, code: Path, work: Path, limits: Limits) -> dict[str, Any]:
    own_folders = ("HOME", "TMPDIR", "XDG_CACHE_HOME", "TORCH_HOME", "MPLCONFIGDIR")
    return {
        **asdict(limits),
        "file": str(code),
        "work": str(work),
        "stand_in": job.stand_in,
        "isolation": asdict(available()),
        "environment": {**dict.fromkeys(own_folders, str(work)), "MPLBACKEND": "Agg"},
        "statements": [asdict(step) for step in job.steps],
    }


class _Watch:
    """Collects the results of one running job until it is done, ended or over a limit."""

    def __init__(
        self,
        started: Started,
        output: int,
        limits: Limits,
        on_start: Callable[[int], None] | None,
    ) -> None:
        self._started = started
        self._output = output
        self._limits = limits
        self._on_start = on_start
        self._record = HalfRecord()
        self._partial = b""
        self._received = 0

    def run(self, stopping: threading.Event) -> HalfRecord:
        record = self._record
        start = time.monotonic()
        while not (record.done or record.ended):
            # Asked first: what was written before the end is then read below.
            end = self._end()
            progressed = self._take_results()
            if record.done or record.ended:
                break
            if end:
                record.ended, record.kind = end
            elif time.monotonic() - start > self._limits.seconds:
                record.ended = f"stopped after {self._limits.seconds:g} s"
                record.kind = Cause.TIME
            elif os.fstat(self._output).st_size > 2 * self._limits.output_bytes:
                record.ended, record.kind = TOO_MUCH, Cause.OUTPUT
            elif self._received > _MAX_RESULT_BYTES:
                record.ended, record.kind = "stopped: too much on the result channel", Cause.OUTPUT
            elif stopping.is_set():
                record.ended = "the run was stopped"
            elif not progressed:
                self._started.wait(_POLL_SECONDS)
        record.seconds = time.monotonic() - start
        return record

    def _end(self) -> tuple[str, Cause] | None:
        """Return how the job ended, or None while it runs."""
        try:
            message = self._started.control.recv(1 << 12)
        except BlockingIOError:
            return None
        except OSError:
            message = b""
        if not message:
            return "its process was ended from outside", Cause.ENDED
        told = json.loads(message)
        if "failed" in told:
            return f"could not be isolated: {told['failed']}", Cause.ENDED
        if "processes" in told:
            return f"stopped: it had started {told['processes']} processes", Cause.ENDED
        return _exit_cause(os.waitstatus_to_exitcode(told["status"])), Cause.ENDED

    def _take_results(self) -> bool:
        """Enter the results that have come; return whether there were any."""
        data = b""
        with contextlib.suppress(BlockingIOError):
            data = os.read(self._started.results, 1 << 16)
        self._received += len(data)
        *complete, self._partial = (self._partial + data).split(b"\n")
        try:
            for line in complete:
                self._note(json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError):
            self._record.ended = "it wrote to the channel of its own results"
        return bool(data)

    def _note(self, result: dict[str, Any]) -> None:
        record = self._record
        if "start" in result:
            record.running = result["start"]
            if self._on_start:
                self._on_start(result["start"])
        elif "end" in result:
            failure = Failure.from_data(result["error"]) if result["error"] else None
            record.outcomes[result["end"]] = Outcome(result["output"], result["cut"], failure)
            record.running = None
        else:
            record.done = True


def _exit_cause(status: int) -> str:
    if status >= 0:
        return f"the process ended by itself with exit status {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = str(-status)
    return f"the process was ended by signal {name}"
