"""Python in a process of its own, against the installed package, with a time limit."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

SECONDS = 180


def run_python(
    source: str | Path, *arguments: str, seconds: float = SECONDS, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run code or a script; a process that hangs is killed and fails the test."""
    program = [str(source)] if isinstance(source, Path) else ["-c", textwrap.dedent(source)]
    return subprocess.run(
        [sys.executable, *program, *arguments],
        env={**os.environ, "PYTHONSAFEPATH": "1", **environment},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def python_output(
    source: str | Path, *arguments: str, seconds: float = SECONDS, **environment: str
) -> str:
    """What the code printed, once it is known to have ended well."""
    done = run_python(source, *arguments, seconds=seconds, **environment)
    assert done.returncode == 0, f"exit status {done.returncode}\n{done.stderr}"
    return done.stdout.strip()
