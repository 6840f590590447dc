"""Keeps the code of a half from network, files and processes, with Linux namespaces.

All of it is done by the process about itself; nothing needs privileges where the system allows
user namespaces. `available()` tries in a process of its own what is allowed here.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import functools
import json
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

_NEW_MOUNTS, _NEW_USER, _NEW_PIDS, _NEW_NETWORK = 0x20000, 0x10000000, 0x20000000, 0x40000000
_NEW_IPC = 0x8000000
_MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_REC, _MS_PRIVATE = 2, 4, 8, 0x4000, 1 << 18
_SYS_MOUNT_SETATTR, _AT_FDCWD, _AT_RECURSIVE, _READ_ONLY = 442, -100, 0x8000, 1
_SET_DUMPABLE, _DROP_BOUND, _SUBREAPER, _NO_NEW_PRIVILEGES = 4, 24, 36, 38
_CAPABILITY_VERSION, _LAST_CAPABILITY = 0x20080522, 63
_SET_INTERFACE_FLAGS, _UP_AND_RUNNING = 0x8914, 0x41
_PROBE_SECONDS = 30


@dataclass(frozen=True)
class Isolation:
    """What the code of a half is kept from."""

    network: bool = False
    """It has a loopback interface of its own and no other."""
    files: bool = False
    """Everything outside its own folder is read-only."""
    processes: bool = False
    """It sees no other process, and none of its own outlives it."""

    def describe(self) -> str:
        """Return one line for the head of a report."""
        kept = [
            ("no network", "network reachable", self.network),
            ("files outside its folder read-only", "other files writable", self.files),
            ("own process tree", "other processes reachable", self.processes),
        ]
        return ", ".join(good if holds else bad for good, bad, holds in kept)


@functools.cache
def available() -> Isolation:
    """Return what the system allows, as found by trying it in a process of its own."""
    probe = [sys.executable, "-P", "-B", "-m", "opsbridge.pages.sandbox"]
    try:
        done = subprocess.run(
            probe, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PROBE_SECONDS
        )
        return Isolation(**json.loads(done.stdout))
    except (OSError, subprocess.TimeoutExpired, ValueError, TypeError):
        return Isolation()


def enter(isolation: Isolation, own_folder: Path, folder_bytes: int) -> None:
    """Move this process, which must have one thread, into the namespaces asked for.

    own_folder becomes an empty file system of folder_bytes that vanishes with the process. Where
    processes are isolated, the next fork makes the first process of a new tree.

    Raises:
        OSError: the system refuses a part.
    """
    user, group = os.geteuid(), os.getegid()
    flags = _NEW_NETWORK * isolation.network | _NEW_PIDS * isolation.processes
    flags |= (_NEW_MOUNTS | _NEW_IPC) * isolation.files
    if not flags:
        return
    _call("unshare", flags | _NEW_USER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    if isolation.network:
        _raise_loopback()
    if isolation.files:
        _make_read_only(own_folder, folder_bytes)


def show_own_processes() -> None:
    """Let /proc show the new process tree alone; called by its first process."""
    _mount(b"proc", b"/proc", b"proc", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC)


def guard() -> None:
    """Keep processes of the same user from looking into this one or steering it."""
    _call("prctl", _SET_DUMPABLE, 0, 0, 0, 0)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends."""
    _call("prctl", _SUBREAPER, 1, 0, 0, 0)


def drop_privileges() -> None:
    """Give up every capability for good, so that nothing done by `enter` can be undone."""
    _call("prctl", _NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    for capability in range(_LAST_CAPABILITY + 1):
        try:
            _call("prctl", _DROP_BOUND, capability, 0, 0, 0)
        except OSError as error:
            if error.errno == errno.EINVAL:
                break  # the kernel knows no more of them
            if error.errno != errno.EPERM:
                raise  # EPERM: there was none to drop
    header = struct.pack("=Ii", _CAPABILITY_VERSION, 0)
    _call("capset", header, bytes(24))


def _make_read_only(own_folder: Path, folder_bytes: int) -> None:
    _mount(None, b"/", None, _MS_REC | _MS_PRIVATE)
    attributes = struct.pack("=QQQQ", _READ_ONLY, 0, 0, 0)
    _call(
        "syscall", _SYS_MOUNT_SETATTR, _AT_FDCWD, b"/", _AT_RECURSIVE,
        attributes, ctypes.c_size_t(len(attributes)),
    )  # fmt: skip
    options = f"size={folder_bytes},mode=700".encode()
    for folder in (own_folder, Path("/dev/shm")):
        if folder.is_dir():
            _mount(b"tmpfs", os.fsencode(folder), b"tmpfs", _MS_NOSUID | _MS_NODEV, options)


def _mount(
    source: bytes | None, target: bytes, kind: bytes | None, flags: int, options: bytes = b""
) -> None:
    _call("mount", source, target, kind, ctypes.c_ulong(flags), options or None)


def _raise_loopback() -> None:
    """Let code talk to itself by network; every other address is unreachable."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh22x", b"lo", _UP_AND_RUNNING)
        fcntl.ioctl(any_socket, _SET_INTERFACE_FLAGS, request)


def _call(function: str, *arguments: object) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    if getattr(library, function)(*arguments) == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"{function}: {os.strerror(number)}")


def _is_possible(isolation: Isolation, folder: Path, needed: Sequence[str]) -> bool:
    """Try an isolation in a child: it must be entered, and what the code needs stay readable."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] == 0
    try:
        enter(isolation, folder, 1 << 20)
        inner = os.fork() if isolation.processes else 0
        if inner:
            os._exit(os.waitstatus_to_exitcode(os.waitpid(inner, 0)[1]) and 1)
        if isolation.processes and isolation.files:
            show_own_processes()
        drop_privileges()
        os._exit(not all(os.access(path, os.R_OK) for path in needed))
    except BaseException:
        os._exit(1)


def _probe() -> Isolation:
    """Find each part that works alone and then together with those found before."""
    needed = [path for path in (*sys.path, sys.executable) if os.access(path, os.R_OK)]
    found: dict[str, bool] = {}
    for part in ("processes", "network", "files"):
        if _is_possible(Isolation(**found, **{part: True}), Path("/dev/shm"), needed):
            found[part] = True
    return Isolation(**found)


if __name__ == "__main__":
    print(json.dumps(asdict(_probe())))
