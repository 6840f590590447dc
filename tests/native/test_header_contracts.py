"""Headers refuse what the binding has refused before, so that no call shows it: a program does."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

CSRC = Path(__file__).resolve().parents[2] / "opsbridge" / "csrc"
SOURCE = Path(__file__).with_name("header_contracts.cc")


def test_contracts(tmp_path: Path) -> None:
    compiler = shutil.which("c++")
    if compiler is None:
        pytest.skip("no C++ compiler")
    # The environment kernel-coverage counts branches of these headers, wherever they are taken.
    notes = os.environ.get("OPSBRIDGE_COVERAGE_NOTES")
    folder = Path(notes) if notes else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "header_contracts"
    command = [compiler, "-std=c++17", "-O0", "-Wall", "-Wextra", "-Werror", "-pthread"]
    command += ["--coverage", "-DOPSBRIDGE_WATCHED"] if notes else []
    sources = [SOURCE, CSRC / "runtime" / "buffer_pool.cc"]
    command += [f"-I{CSRC}", f"-I{CSRC / 'include'}", *map(str, sources), "-o", str(program)]
    subprocess.run(command, cwd=folder, check=True)
    done = subprocess.run([program], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout
