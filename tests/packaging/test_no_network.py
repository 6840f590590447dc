"""Nothing of the package opens a connection when it is imported and called. (That builds do not is
what `tox run -e reproducible` sees to: it takes their network away.)"""

from __future__ import annotations

import pytest
from child_process import python_output

# Python tells of every address that is looked up, and of whatever is sent or connected. Sockets
# themselves are made by modules of the standard library, to find out what the system has.
WATCHED = """
    import sys

    asked = []

    def note(event, arguments):
        if event.startswith("socket.") and event != "socket.__new__":
            asked.append((event, *map(str, arguments[1:])))

    sys.addaudithook(note)
    {body}
    print(asked)
"""
IMPORTS_AND_CALLS = """
    import importlib
    import pkgutil

    import numpy as np
    import opsbridge

    for module in pkgutil.walk_packages(opsbridge.__path__, "opsbridge."):
        name = module.name.rpartition(".")[2]
        if name in {"__main__", "inspect_child", "run_child"} or name.startswith("lib"):
            continue  # programs, which begin as they are imported, and the kernels
        try:
            importlib.import_module(module.name)
        except ImportError as error:
            assert not (error.name or "").startswith("opsbridge"), error
    boxes = np.array([[0, 0, 2, 2], [0, 0, 2, 3]], np.float32)
    opsbridge.torchvision.ops.nms(boxes, np.array([1, 2], np.float32), 0.5)
"""
CONNECTION = """
    import contextlib
    import socket

    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", 9), 1)
"""


def asked_for(body: str) -> str:
    """What code asked the network for."""
    return python_output(WATCHED.format(body=body.strip()))


def test_imports_and_calls_open_no_connection() -> None:
    assert asked_for(IMPORTS_AND_CALLS) == "[]"


@pytest.mark.parametrize("event", ["socket.getaddrinfo", "socket.connect"])
def test_a_connection_would_be_noticed(event: str) -> None:
    assert event in asked_for(CONNECTION)
