"""A plot of the deviations, layers from left to right."""

from __future__ import annotations

import importlib
from typing import Any

from opsbridge.compare.deviations import Deviation
from opsbridge.errors import ArgumentError


def draw(found: list[Deviation], tolerance: float, path: str) -> None:
    """Write a figure; zeros lie at its bottom. Raises ArgumentError without matplotlib."""
    try:
        matplotlib = importlib.import_module("matplotlib")
        figure_class: Any = importlib.import_module("matplotlib.figure").Figure
    except ModuleNotFoundError:
        raise ArgumentError("--plot takes matplotlib: pip install matplotlib") from None
    values = [max(each.relative, 1e-9) for each in found]
    with matplotlib.rc_context({"svg.hashsalt": "opsbridge"}):
        figure = figure_class(figsize=(10, 4), layout="constrained")
        axes = figure.subplots()
        axes.semilogy(range(len(values)), values, ".", color="tab:blue")
        axes.axhline(tolerance, color="tab:red", linewidth=1, label=f"tolerance {tolerance:g}")
        axes.set_xlabel("layer, in order of execution")
        axes.set_ylabel("largest relative deviation")
        axes.legend()
        figure.savefig(path)
