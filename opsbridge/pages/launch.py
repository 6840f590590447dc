"""Starts the processes that run halves: fresh ones, or forks of a warm one."""

from __future__ import annotations

import contextlib
import os
import re
import select
import site
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

_FRAMEWORKS = ("torch", "torchvision", "mindspore")
_OWN = re.compile(r"^\s*(?:import|from)\s+opsbridge\b", re.M)
_STAND_INS = {
    "PyTorch": (("torch", "torchvision"), ("mindspore", "opsbridge.torch.vision")),
    "MindSpore": (
        ("mindspore",),
        ("torch", "opsbridge.mindspore.tensors", "opsbridge.mindspore.ops"),
    ),
}
"""The modules that a stand-in replaces, and those that it works with."""
_SECRET = re.compile(r"TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|API_?KEY|ACCESS_?KEY", re.I)
_AGENTS = frozenset({"SSH_AUTH_SOCK", "SSH_AGENT_PID", "DBUS_SESSION_BUS_ADDRESS", "DOCKER_HOST"})
_READY_SECONDS, _END_SECONDS = 300, 20
_PYTHON = (sys.executable, "-P", "-B", "-m")


@dataclass
class Started:
    """The ends of a running job that the parent holds."""

    results: int
    control: socket.socket

    def wait(self, seconds: float) -> None:
        """Wait until the job says something."""
        select.select([self.results, self.control.fileno()], [], [], seconds)


class Launcher:
    """Starts jobs; warm processes are started when first needed and end with it."""

    def __init__(self, *, fresh: bool = False) -> None:
        self._is_fresh = fresh
        self._zygotes: dict[tuple[bool, tuple[str, ...]], _Zygote] = {}
        self._lock = threading.Lock()
        self.stopping = threading.Event()
        """Set when no more results are wanted."""

    def stop(self) -> None:
        """Have the jobs that still run ended."""
        self.stopping.set()

    def __enter__(self) -> Launcher:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for zygote in self._zygotes.values():
            zygote.close()

    @contextlib.contextmanager
    def start(
        self, job: Path, output: int, modules: tuple[str, ...], *, again: bool = False
    ) -> Iterator[Started]:
        """Run a job; end all of its processes on the way out.

        modules are those a warm process must have imported; again asks for another process than
        that of the first run, so that addresses and the order of sets are others.
        """
        results, results_writer = os.pipe()
        control, control_of_child = socket.socketpair()
        os.set_blocking(results, False)
        control.setblocking(False)
        process: subprocess.Popen[bytes] | None = None
        try:
            try:
                given = (output, results_writer, control_of_child.fileno())
                if self._is_fresh or not self._zygote(modules, again).serve(job, given):
                    process = _start_fresh(job, given)
            finally:
                os.close(results_writer)
                control_of_child.close()
            yield Started(results, control)
        finally:
            _end(control, process)
            os.close(results)

    def _zygote(self, modules: tuple[str, ...], again: bool) -> _Zygote:
        with self._lock:
            if (again, modules) not in self._zygotes:
                self._zygotes[again, modules] = _Zygote(modules)
            return self._zygotes[again, modules]


def _end(control: socket.socket, process: subprocess.Popen[bytes] | None) -> None:
    """Have everything on the other side ended, and wait until it is."""
    with control:
        control.settimeout(_END_SECONDS)
        with contextlib.suppress(OSError):
            control.shutdown(socket.SHUT_WR)
            while control.recv(1 << 12):
                pass
    if process is not None:
        process.kill()
        process.wait()


class _Zygote:
    """A warm process, and whether it can be used."""

    def __init__(self, modules: Sequence[str]) -> None:
        self._lock = threading.Lock()
        self._is_ready: bool | None = None
        self._socket, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with other:
            self._process = subprocess.Popen(
                [*_PYTHON, "opsbridge.pages.zygote", str(other.fileno()), *modules],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=environment(),
                pass_fds=[other.fileno()],
                start_new_session=True,
            )

    def serve(self, job: Path, descriptors: Sequence[int]) -> bool:
        """Let it run a job; return False, with nothing done, if it is not there."""
        with self._lock:
            try:
                if self._is_ready is None:
                    self._socket.settimeout(_READY_SECONDS)
                    self._is_ready = self._socket.recv(16) == b"ready"
                if self._is_ready:
                    socket.send_fds(self._socket, [os.fsencode(job)], descriptors)
            except OSError:
                self._is_ready = False
            return self._is_ready

    def close(self) -> None:
        """End it."""
        self._socket.close()
        self._process.kill()
        self._process.wait()


def modules_of(sources: Sequence[str], stand_in: str) -> tuple[str, ...]:
    """Return what a warm process must have imported to run some statements: no more than they do.

    A module is imported early only if the code imports it itself, so that a name which the code
    forgot to import is missing in a warm process as well.
    """
    code = "\n".join(sources)
    found = [
        name
        for name in _FRAMEWORKS
        if re.search(rf"^\s*(?:import|from)\s+{name}\b|^\s*import\s.*,\s*{name}\b", code, re.M)
    ]
    if "torchvision" in found and "torch" not in found:
        found.insert(0, "torch")  # which torchvision imports itself
    if _OWN.search(code):
        found.append("tvm_ffi")  # of every call of an operator; it imports torch where that is
    replaced, instead = _STAND_INS.get(stand_in, ((), ()))
    if not set(replaced) & set(found):
        return tuple(found)
    kept = [name for name in found if name not in replaced]
    return tuple(dict.fromkeys([*kept, *instead]))


def environment() -> dict[str, str]:
    """Return the environment of the child processes: the parent's without its secrets."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not _SECRET.search(name) and name not in _AGENTS
    }
    kept.pop("PYTHONSTARTUP", None)
    # Tox fixes it; what depends on it would then look the same in every run.
    kept.pop("PYTHONHASHSEED", None)
    # Packages of the user's own site folder stay importable although HOME will move.
    kept["PYTHONUSERBASE"] = site.getuserbase()
    # Children run in a folder of their own.
    for name in ("PYTHONPATH", "OPSBRIDGE_MAPPINGS"):
        if kept.get(name):
            parts = kept[name].split(os.pathsep)
            kept[name] = os.pathsep.join(os.path.abspath(part) for part in parts if part)
    return kept


def _start_fresh(job: Path, descriptors: Sequence[int]) -> subprocess.Popen[bytes]:
    output, results, control = descriptors
    return subprocess.Popen(
        [*_PYTHON, "opsbridge.pages.child", str(job), str(results), str(control)],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.DEVNULL,
        env=environment(),
        pass_fds=[results, control],
        start_new_session=True,
    )
