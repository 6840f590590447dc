"""How many threads one operator may use where the framework has no setting of its own."""

from __future__ import annotations

import os


def host_threads() -> int:
    """`OPSBRIDGE_THREADS` if it is a number above 0, else every core this process may run on."""
    configured = os.environ.get("OPSBRIDGE_THREADS", "")
    if configured.isdecimal() and int(configured) > 0:
        return int(configured)
    return len(os.sched_getaffinity(0))
