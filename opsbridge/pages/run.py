"""Runs halves in child processes under limits and collects what each statement did."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import site
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from opsbridge.pages.model import Backend

TOO_MUCH = "printed too much"
_POLL_SECONDS = 0.05
_MAX_RESULT_BYTES = 64 << 20


@dataclass(frozen=True)
class Limits:
    """What one half may use."""

    seconds: float = 300.0
    output_bytes: int = 1 << 20
    memory_bytes: int = 12 << 30


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
class Failure:
    """An exception that a statement raised."""

    name: str
    message: str
    line: int | None
    missing: str
    uncovered: bool


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


def run_half(
    lines: Sequence[str], steps: Sequence[Step], backend: Backend, limits: Limits
) -> HalfRecord:
    """Run the steps in a child process and return what they did.

    lines are written to the file that the code seems to come from, so that tracebacks and
    inspect.getsource work; the child's directory, home and temporary files vanish with it.
    """
    with tempfile.TemporaryDirectory(prefix="opsbridge-", ignore_cleanup_errors=True) as folder:
        root = Path(folder)
        code = root / "example.py"
        code.write_text("\n".join(lines) + "\n", encoding="utf-8")
        work = root / "work"
        work.mkdir()
        job = root / "job.json"
        job.write_text(json.dumps(_job(code, steps, backend, limits)), encoding="utf-8")
        return _watch(root, job, limits)


def _job(code: Path, steps: Sequence[Step], backend: Backend, limits: Limits) -> dict[str, Any]:
    return {
        "file": str(code),
        "stand_in": backend is Backend.OPSBRIDGE,
        "memory_bytes": limits.memory_bytes,
        "output_bytes": limits.output_bytes,
        "statements": [vars(step) for step in steps],
    }


def _watch(root: Path, job: Path, limits: Limits) -> HalfRecord:
    record = HalfRecord()
    deadline = time.monotonic() + limits.seconds
    with open(root / "output", "ab+") as output, _child(root, job, output.fileno()) as child:
        process, results = child
        buffer = b""
        received = 0
        while True:
            has_exited = process.poll() is not None
            data = _read(results)
            received += len(data)
            *complete, buffer = (buffer + data).split(b"\n")
            for line in complete:
                _note(record, line)
            if record.done:
                return record
            if has_exited:
                record.ended = _exit_cause(process.returncode)
            elif time.monotonic() > deadline:
                record.ended = f"stopped after {limits.seconds:g} s"
            elif os.fstat(output.fileno()).st_size > 2 * limits.output_bytes:
                record.ended = TOO_MUCH
            elif received > _MAX_RESULT_BYTES:
                record.ended = "stopped: too much on the result channel"
            if record.ended:
                return record
            if not data:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(_POLL_SECONDS)


@contextlib.contextmanager
def _child(root: Path, job: Path, output: int) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Start the child in a process group of its own; end the whole group on the way out."""
    results, writer = os.pipe()
    os.set_blocking(results, False)
    try:
        process = subprocess.Popen(
            [sys.executable, "-P", "-B", "-m", "opsbridge.pages.child", str(job), str(writer)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.DEVNULL,
            cwd=root / "work",
            env=_environment(root),
            pass_fds=[writer],
            start_new_session=True,
        )
    except BaseException:
        os.close(results)
        raise
    finally:
        os.close(writer)
    try:
        yield process, results
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        os.close(results)


def _environment(root: Path) -> dict[str, str]:
    """Return the parent's environment with home and temporary files moved into the job's folder."""
    environment = dict(os.environ)
    for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME", "TORCH_HOME", "MPLCONFIGDIR"):
        environment[name] = str(root / "work")
    # Packages of the user's own site folder stay importable although HOME moved.
    environment["PYTHONUSERBASE"] = site.getuserbase()
    environment["MPLBACKEND"] = "Agg"
    environment.pop("PYTHONSTARTUP", None)
    if environment.get("PYTHONPATH"):
        parts = environment["PYTHONPATH"].split(os.pathsep)
        environment["PYTHONPATH"] = os.pathsep.join(os.path.abspath(p) for p in parts if p)
    return environment


def _read(results: int) -> bytes:
    with contextlib.suppress(BlockingIOError):
        return os.read(results, 1 << 16)
    return b""


def _note(record: HalfRecord, line: bytes) -> None:
    """Enter one result line of the child."""
    result = json.loads(line)
    if "start" in result:
        record.running = result["start"]
    elif "end" in result:
        error = result["error"]
        failure = error and Failure(
            error["class"], error["message"], error["line"], error["missing"], error["uncovered"]
        )
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
