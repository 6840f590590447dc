"""A plot of the deviations, layers from left to right."""

from __future__ import annotations

import matplotlib
from matplotlib.figure import Figure

from opsbridge.compare.deviations import Deviation


def draw(found: list[Deviation], tolerance: float, path: str) -> None:
    """Write a figure; zeros lie at its bottom."""
    values = [max(each.relative, 1e-9) for each in found]
    with matplotlib.rc_context({"svg.hashsalt": "opsbridge"}):
        figure = Figure(figsize=(10, 4), layout="constrained")
        axes = figure.subplots()
        axes.semilogy(range(len(values)), values, ".", color="tab:blue")
        axes.axhline(tolerance, color="tab:red", linewidth=1, label=f"tolerance {tolerance:g}")
        axes.set_xlabel("layer, in order of execution")
        axes.set_ylabel("largest relative deviation")
        axes.legend()
        figure.savefig(path)
