"""Runs the code of a half as a child of its own, says how it ended, and leaves no process behind.

The parent (opsbridge.pages.run) holds the other end of the control socket. When that end closes,
because the time is up or the parent itself was killed, everything here ends at once.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from opsbridge.pages import sandbox

_COUNT_SECONDS = 0.2
_CLEANUP_SECONDS = 10.0


def supervise(job: dict[str, Any], control: int, run: Callable[[], None]) -> NoReturn:
    """Isolate this process and call `run` in a child of it; never returns.

    job names the folder, the isolation and the limits; what happened goes to the socket control as
    one line of JSON: {"status": wait status}, {"processes": their number} or {"failed": why}.
    """
    with socket.socket(fileno=control) as line:
        try:
            _supervise(job, line, run)
        except BaseException as error:
            _tell(line, {"failed": f"{type(error).__name__}: {error}"})
            os._exit(1)
    os._exit(0)


def _supervise(job: dict[str, Any], control: socket.socket, run: Callable[[], None]) -> None:
    isolation = sandbox.Isolation(**job["isolation"])
    sandbox.enter(isolation, Path(job["work"]), int(job["file_bytes"]))
    if isolation.processes:
        first = os.fork()
        if first:  # outside of the new tree: nothing more to do than to wait
            os.waitpid(first, 0)
            return
        if isolation.files:
            sandbox.show_own_processes()
    else:
        with contextlib.suppress(OSError, AttributeError):
            sandbox.adopt_orphans()
    code = os.fork()
    if not code:
        control.close()
        _run_code(isolation, run)
    with contextlib.suppress(OSError, AttributeError):
        sandbox.guard()
    can_count = isolation.processes and isolation.files
    result = _watch(control, code, int(job["processes"]) if can_count else None)
    if result:
        _tell(control, result)
    if not isolation.processes:
        _end_descendants()


def _run_code(isolation: sandbox.Isolation, run: Callable[[], None]) -> NoReturn:
    try:
        os.setpgid(0, 0)
        if any(vars(isolation).values()):
            sandbox.drop_privileges()
        run()
    finally:
        # Threads and exit handlers of the code must not keep or change anything from here on.
        os._exit(0)


def _watch(control: socket.socket, code: int, most: int | None) -> dict[str, Any] | None:
    """Wait until the code or the parent ends; return what to tell the parent, if it lives."""
    handle = os.pidfd_open(code)
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    poll.register(control, select.POLLIN)
    while True:
        ready = [descriptor for descriptor, _ in poll.poll(_COUNT_SECONDS * 1000)]
        if control.fileno() in ready:
            return None
        if handle in ready:
            return {"status": os.waitpid(code, 0)[1]}
        if most is not None:
            number = sum(name.isdigit() for name in os.listdir("/proc"))
            if number > most:
                return {"processes": number}


def _tell(control: socket.socket, message: dict[str, Any]) -> None:
    with contextlib.suppress(OSError):
        control.sendall(json.dumps(message).encode() + b"\n")


def _end_descendants() -> None:
    """Kill the children until there are none; with `adopt_orphans` all descendants become that."""
    deadline = time.monotonic() + _CLEANUP_SECONDS
    while time.monotonic() < deadline:
        for child in _children():
            with contextlib.suppress(OSError):
                os.kill(child, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.01)


def _children() -> list[int]:
    own = os.getpid()
    found = []
    for name in os.listdir("/proc"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            fields = Path("/proc", name, "stat").read_text().rsplit(")", 1)[1].split()
            if int(fields[1]) == own:
                found.append(int(name))
    return found
