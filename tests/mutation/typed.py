"""Whether the type checker refuses a mutant, as it would in `tox run -e types` before any test."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from mutant import ROOT
from trial import Outcome

TYPES = "types"


def check_types(package_folder: Path) -> Outcome:
    """How mypy finds the package in a folder, as pyproject.toml asks for; it remembers the rest."""
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", ROOT / "pyproject.toml",
         "--cache-dir", package_folder / "types"],
        cwd=package_folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = done.stdout.partition("\n")[0] if done.returncode else ""
    return Outcome(done.returncode, time.monotonic() - start, f"{TYPES}: {found}" if found else "")
