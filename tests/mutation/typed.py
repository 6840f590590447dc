"""Whether the type checker refuses a mutant, as it would in `tox run -e types` before any test."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from mutant import ROOT
from trial import Outcome

# mypy takes a file for one that it knows if its size and the second of its change are the same.
_SECONDS = itertools.count(int(time.time()))


@dataclass(frozen=True)
class Types:
    """A check of types, by mypy, which remembers the rest of the package."""

    changed: str
    name: ClassVar[str] = "types"

    def check(self, package_folder: Path) -> Outcome:
        """How mypy finds the package in a folder."""
        start = time.monotonic()
        second = next(_SECONDS)
        os.utime(package_folder / self.changed, (second, second))
        done = subprocess.run(
            [sys.executable, "-m", "mypy", "--config-file", ROOT / "pyproject.toml",
             "--cache-dir", package_folder / "types"],
            cwd=package_folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        found = f"{self.name}: {done.stdout.splitlines()[0]}" if done.returncode else ""
        return Outcome(done.returncode, time.monotonic() - start, found)
