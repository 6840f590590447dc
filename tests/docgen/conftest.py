"""Written pages are found from the folder that holds them, wherever the package is installed."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def in_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in the checkout."""
    monkeypatch.chdir(Path(__file__).resolve().parents[2])
