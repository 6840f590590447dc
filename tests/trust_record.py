"""`--record FILE`: what a run of tests compared or caught, as JSON that the page of the site reads.

A test says what it did with `record_property("trust", {...})`: `what` was compared with whom
(`peer`), in how many `cases`. Those of one `what` and `peer` are added up, also over the workers of
pytest-xdist. In a run about one framework (`--peer`), a test that says nothing is a case of its
file, if the framework is in its name. In a run that a tool watches (`--watcher`), every test is a
case of its folder. A run replaces its own entries in the file and leaves those of other commands
alone.
"""

from __future__ import annotations

import datetime
import importlib.metadata
import json
import platform
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

PACKAGES = ("opsbridge", "numpy", "torch", "torchvision", "mindspore", "onnxruntime",
            "opencv-python-headless", "paddlepaddle", "tensorflow-cpu", "atheris")  # fmt: skip


class TrustRecord:
    """Collects the properties of all reports of a session."""

    def __init__(self, path: Path, command: str, peer: str, watcher: str = "") -> None:
        self._path = path
        self._command = command
        self._peer = peer
        self._watcher = watcher
        self._entries: dict[tuple[str, str], dict[str, Any]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when != "call" or report.skipped:
            return
        told = [value for name, value in report.user_properties if name == "trust"]
        if self._watcher:
            folder = Path(report.location[0]).parent.name
            told = [{"what": f"tests/{folder}", "peer": self._watcher, "cases": 1}]
        elif not told and self._peer and self._peer in report.nodeid:
            told = [{"what": Path(report.location[0]).stem, "peer": self._peer, "cases": 1}]
        for value in told:
            self._add(value, report.failed)

    def _add(self, value: Any, has_failed: bool) -> None:
        key = value["what"], value["peer"]
        entry = self._entries.setdefault(key, {**value, "cases": 0, "tests": 0, "failed": 0})
        entry["cases"] += value["cases"]
        entry["tests"] += 1
        entry["failed"] += has_failed

    def pytest_sessionfinish(self) -> None:
        if not self._entries:
            return
        write_run(self._path, self._command, [self._entries[key] for key in sorted(self._entries)])


def write_run(path: Path, command: str, entries: list[dict[str, Any]], arguments: str = "") -> None:
    """Put a run into the record, in place of an earlier one of the same command."""
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    kept[command] = {
        "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
        "versions": versions(),
        "entries": entries,
        "arguments": arguments,
    }
    text = json.dumps(kept, indent=2, ensure_ascii=False, sort_keys=True)
    path.write_text(text + "\n", encoding="utf-8")


def versions() -> dict[str, str]:
    """What was there: packages, Python, the machine."""
    found = {"python": platform.python_version(), "machine": platform.machine()}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
