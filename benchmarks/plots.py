"""Curves on two logarithmic axes: time against boxes, regions or channels, PNG and SVG."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Any

from benchmarks.results import Curve, Run, curves

FORMATS = ("png", "svg")
COLUMNS = 3
MARKERS = "o^sDvPX*<>"


def draw(run: Run, folder: Path) -> list[Path]:
    """A figure for each operator and unit, with a field for each distribution."""
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot

    paths = []
    ordered = sorted(curves(run.cases), key=lambda curve: (curve.operator, curve.unit))
    for (operator, unit), group in groupby(ordered, key=lambda c: (c.operator, c.unit)):
        figure = _figure(pyplot, operator, unit, list(group))
        for format_name in FORMATS:
            path = folder / f"{operator}-{unit}.{format_name}".lower()
            figure.savefig(path, dpi=110)
            paths.append(path)
        pyplot.close(figure)
    return paths


def _figure(pyplot: Any, operator: str, unit: str, drawn: list[Curve]) -> Any:
    """One field a variant, on the same axes; a peer looks the same in all of them."""
    variants = list(dict.fromkeys(curve.variant for curve in drawn))
    peers = list(dict.fromkeys(curve.peer for curve in drawn))
    columns = min(len(variants), COLUMNS)
    rows = -(-len(variants) // columns)
    figure, axes = pyplot.subplots(
        rows, columns, figsize=(5.6 * columns, 4.8 * rows), sharex=True, sharey=True, squeeze=False
    )
    for axis in axes.flat[len(variants) :]:
        axis.remove()
    for axis, variant in zip(axes.flat, variants, strict=False):
        axis.set_title(f"{operator} {variant}")
        axis.set_xlabel(unit)
        axis.tick_params(labelbottom=True)
        axis.set_ylabel("seconds a call")
        axis.grid(visible=True, which="major", alpha=0.4)
        for curve in drawn:
            if curve.variant == variant:
                _draw(axis, curve, peers.index(curve.peer))
        axis.legend(fontsize="x-small")
    figure.tight_layout()
    return figure


def _draw(axis: Any, curve: Curve, look: int) -> None:
    slope = "" if curve.slope is None else f" (slope {curve.slope:.2f})"
    axis.loglog(
        curve.sizes,
        curve.seconds,
        color=f"C{look % 10}",
        marker=MARKERS[look % len(MARKERS)],
        markersize=4,
        linewidth=2.4 if curve.peer.startswith("opsbridge") else 1,
        label=curve.peer + slope,
    )
