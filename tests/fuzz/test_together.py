"""Targets that are fuzzed side by side: what they print is counted, and what they break is told."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest

together: Any = importlib.import_module("together")


def target(name: str, source: str) -> Any:
    return together.Target(name, [sys.executable, "-c", source])


def code_of(monkeypatch: pytest.MonkeyPatch, folder: Path, targets: list[Any]) -> int:
    monkeypatch.chdir(folder)
    monkeypatch.setattr(together, "targets", lambda *_: iter(targets))
    monkeypatch.setattr(sys, "argv", ["together.py", "native", "--record", "trust.json"])
    code: int = together.main()
    return code


def test_inputs_are_counted_and_recorded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    targets = [target(n, f"print('stat::number_of_executed_units: {n}')") for n in ("12", "3")]
    assert code_of(monkeypatch, tmp_path, targets) == 0
    run = json.loads((tmp_path / "trust.json").read_text(encoding="utf-8"))["fuzz"]
    assert [(each["what"], each["cases"], each["failed"]) for each in run["entries"]] == [
        ("12", 12, 0),
        ("3", 3, 0),
    ]
    assert run["arguments"] == "--seconds 600 --seed 0"


@pytest.mark.parametrize(
    "source", ["print('stat::number_of_executed_units: 3'); raise SystemExit(77)", "print('oh')"]
)
def test_a_target_that_fails_or_runs_nothing_is_told(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    source: str,
) -> None:
    assert code_of(monkeypatch, tmp_path, [target("pages", source)]) == 1
    assert "pages failed:" in capfd.readouterr().out


def test_the_readers_are_those_with_a_target() -> None:
    pytest.importorskip("libcst", reason="the translator is opsbridge[port]")
    pytest.importorskip("markdown_it", reason="pages are read with opsbridge[docs]")
    assert tuple(importlib.import_module("targets").TARGETS) == together.READERS
