"""A warm process: imports frameworks once, then forks for every half that needs them.

Started as `python -m opsbridge.pages.zygote SOCKET MODULE...` by opsbridge.pages.launch. It says
"ready" once the modules are there, and exits if one cannot be imported. Each message that comes on
the socket is the path of a job, with three descriptors: output, results, control. It runs nothing
of any page and starts no thread, so a child begins as a process does that has just imported the
same modules; `_renew` sees to the rest: random state must not be the same in two children.
"""

from __future__ import annotations

import gc
import importlib
import os
import signal
import socket
import sys
from collections.abc import Sequence
from typing import NoReturn

from opsbridge.pages.child import start

_MAX_PATH = 1 << 16


def main(arguments: Sequence[str]) -> None:
    """Import the modules named, then serve jobs until the other end closes."""
    descriptor, *modules = arguments
    with socket.socket(fileno=int(descriptor)) as server:
        for module in modules:
            importlib.import_module(module)
        # Nobody waits for the children: each tells the parent itself how it ended.
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        gc.collect()
        gc.freeze()
        server.sendall(b"ready")
        while True:
            message, descriptors, _, _ = socket.recv_fds(server, _MAX_PATH, 3)
            if not message:
                return
            if not os.fork():
                server.close()
                _serve(os.fsdecode(message), descriptors)
            for each in descriptors:
                os.close(each)


def _serve(job: str, descriptors: Sequence[int]) -> NoReturn:
    try:
        output, results, control = descriptors
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        os.dup2(output, 1)
        os.close(output)
        _renew()
        start(job, results, control)
    finally:
        os._exit(1)


def _renew() -> None:
    """Give the random generators that are seeded when a framework is imported new seeds."""
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    if "torch" in sys.modules:
        sys.modules["torch"].seed()


if __name__ == "__main__":
    main(sys.argv[1:])
