"""The device, the share of time and cases, and the JSON file of what was found."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

FOUND = pytest.StashKey[dict[str, Any]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[FOUND] = {}


class Bulk:
    """What the options ask for, and where results go."""

    def __init__(self, config: pytest.Config) -> None:
        self.device: str = config.getoption("device")
        self._config = config

    def portion(self, share: float) -> tuple[int, float, str, int]:
        """How many cases and seconds a kind with this share has, on which device, from where on."""
        option = self._config.getoption
        cases, seconds = option("cases") * share, option("seconds") * share
        return max(round(cases), 1), max(seconds, 5.0), self.device, option("first_case")

    def record(self, *path: str, value: Any) -> None:
        """Keep a result for the file, which is written again each time: a run may be cut short."""
        place = found = self._config.stash[FOUND]
        for name in path[:-1]:
            place = place.setdefault(name, {})
        place[path[-1]] = value
        file = self._config.getoption("json")
        if file is None:
            return
        bulk = [count for kinds in found.get("bulk", {}).values() for count in kinds.values()]
        totals = {name: sum(count[name] for count in bulk) for name in ("cases", "different")}
        options = {name: self._config.getoption(name) for name in ("cases", "first_case")}
        record = {**versions(self.device), "options": options, "totals": totals, **found}
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        Path(file).write_text(json.dumps(record, indent=1) + "\n")


@pytest.fixture
def bulk(request: pytest.FixtureRequest) -> Bulk:
    """Skips where the device is not there."""
    torch = pytest.importorskip("torch")
    bulk = Bulk(request.config)
    if bulk.device == "cuda" and not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    return bulk


def versions(device: str) -> dict[str, Any]:
    """The device and what runs on it."""
    import torch

    found = {"device": device, "torch": torch.__version__}
    if device == "cuda":
        query = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
        try:
            driver = subprocess.run(query, capture_output=True, text=True, timeout=20).stdout
        except (OSError, subprocess.TimeoutExpired):
            driver = "unknown"
        found |= {"device": torch.cuda.get_device_name(), "cuda": torch.version.cuda}
        found["driver"] = driver.strip()
    try:
        import torchvision
    except ImportError:
        return found
    return {**found, "torchvision": torchvision.__version__}


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """The table of the bulk tests."""
    for line in _lines(config.stash.get(FOUND, {}).get("bulk", {})):
        terminalreporter.write_line(line)


def _lines(found: dict[str, Any]) -> Iterator[str]:
    for against, kinds in found.items():
        title = f"against {against}"
        yield f"{title:24} {'cases':>9} {'differ':>7} {'calls':>7} {'refused':>8} {'s':>6}"
        for name, count in kinds.items():
            yield (
                f"  {name:22} {count['cases']:9} {count['different']:7} {count['calls']:7} "
                f"{count['refused']:8} {count['seconds']:6.1f}  {count['status'][:60]}"
            )
        yield f"  {'total':22} {sum(count['cases'] for count in kinds.values()):9}"
