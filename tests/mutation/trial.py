"""Runs tests on a changed copy of the package, in a fork that has the large libraries already."""

from __future__ import annotations

import contextlib
import importlib
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from mutant import ROOT

# Imported once; those that are not installed are not missed.
_LARGE = ("hypothesis", "jsonschema", "libcst", "numpy", "torchvision", "mindspore")
FORK = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class Outcome:
    """How tests ended: pytest's exit code, None for a time-out; and the first that failed."""

    code: int | None
    seconds: float
    failed: str

    @property
    def is_killed(self) -> bool:
        """Whether a test failed, hung or took the process with it; not if there was none."""
        return self.code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)

    @property
    def failed_tests(self) -> tuple[str, ...]:
        """The first test that failed, or file that could not be collected, below the root."""
        name = self.failed.partition(" ")[2].partition(" - ")[0]
        return (name[name.index("tests/") :],) if "tests/" in name else ()


def import_large_libraries() -> None:
    """What every trial would import again."""
    for name in _LARGE:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def run_tests(
    package_folder: Path, tests: Sequence[str], seconds: float, *plugins: object
) -> Outcome:
    """Run tests (and options, -x) on the package in a folder until one fails or time is over."""
    output = package_folder / "output.txt"
    start = time.monotonic()
    process = FORK.Process(target=_run, args=(package_folder, tests, output, plugins))
    process.start()
    code = ended(process, seconds)
    text = output.read_text(encoding="utf-8", errors="replace") if output.exists() else ""
    found = [line for line in text.splitlines() if line.startswith(("FAILED ", "ERROR "))]
    return Outcome(code, time.monotonic() - start, found[0] if found else "")


def ended(process: BaseProcess, seconds: float) -> int | None:
    """The exit code of a process that leads a group; None if it was ended when time was over."""
    process.join(seconds)
    code = process.exitcode
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid or 0, signal.SIGKILL)  # what the tests left running, too
    process.join()
    return code


def _run(
    package_folder: Path, tests: Sequence[str], output: Path, plugins: Sequence[object]
) -> None:
    enter(package_folder, output)
    code = pytest.main(
        [*options(), *(each if each.startswith("-") else str(ROOT / each) for each in tests)],
        plugins=plugins,
    )
    sys.stdout.flush()
    os._exit(int(code))


def options() -> list[str]:
    """How pytest is called: it ends with the first failure, in this process."""
    return ["-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", "-c",
            str(ROOT / "pyproject.toml")]  # fmt: skip


def enter(package_folder: Path, output: Path) -> None:
    """Lead a group of processes that import the package of a folder and write to a file."""
    os.setsid()
    stream = output.open("w", encoding="utf-8")
    os.dup2(stream.fileno(), 1)
    os.dup2(stream.fileno(), 2)
    sys.stdout = sys.stderr = stream
    _forget_the_package()
    sys.path.insert(0, str(package_folder))
    importlib.invalidate_caches()
    os.environ["PYTHONPATH"] = str(package_folder)
    sys.dont_write_bytecode = True
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    os.chdir(package_folder)


def _forget_the_package() -> None:
    """The installed package may be imported already, and found modules for others."""
    sys.meta_path[:] = [each for each in sys.meta_path if not _is_ours(type(each).__module__)]
    for name in filter(_is_ours, list(sys.modules)):
        del sys.modules[name]


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] == "opsbridge"
