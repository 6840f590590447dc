"""Curves on two logarithmic axes: time against boxes, regions or channels, PNG and SVG."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Any

from benchmarks.results import Curve, Run, curves

FORMATS = ("png", "svg")


def draw(run: Run, folder: Path) -> list[Path]:
    """A figure for each operator and unit, with a field for each distribution."""
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot

    paths = []
    ordered = sorted(curves(run.cases), key=lambda curve: (curve.operator, curve.unit))
    for (operator, unit), group in groupby(ordered, key=lambda c: (c.operator, c.unit)):
        fields = {}
        for curve in group:
            fields.setdefault(curve.variant, []).append(curve)
        figure, axes = pyplot.subplots(
            1, len(fields), figsize=(5.2 * len(fields), 4.6), sharey=True, squeeze=False
        )
        for axis, (variant, drawn) in zip(axes[0], fields.items(), strict=True):
            _draw_field(axis, f"{operator} {variant}", unit, drawn)
        axes[0][0].set_ylabel("seconds a call")
        figure.tight_layout()
        for format_name in FORMATS:
            path = folder / f"{operator}-{unit}.{format_name}".lower()
            figure.savefig(path, dpi=110)
            paths.append(path)
        pyplot.close(figure)
    return paths


def _draw_field(axis: Any, title: str, unit: str, drawn: list[Curve]) -> None:
    for number, curve in enumerate(drawn):
        ours = curve.peer.startswith("opsbridge")
        slope = "" if curve.slope is None else f" (slope {curve.slope:.2f})"
        axis.loglog(
            curve.sizes,
            curve.seconds,
            marker="o^sDvPX*"[number % 8],
            markersize=4,
            linewidth=2.4 if ours else 1,
            label=curve.peer + slope,
        )
    axis.set_title(title)
    axis.set_xlabel(unit)
    axis.grid(visible=True, which="major", alpha=0.4)
    axis.legend(fontsize="x-small")
