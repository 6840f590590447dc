"""Panels side by side as one SVG that is the same bytes every time, on light and dark pages."""

from __future__ import annotations

import importlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from opsbridge.tables.schema import Text

# Each stands out from a white page and from a black one; shapes differ wherever colours do.
TEXT = "#777777"
GRID = "#8a8a8a"
REGION = "#c65d00"
SAMPLE = "#0a8f6a"
DROPPED = "#8f6bb8"
_ACROSS = 3  # panels in a row, so that a phone shows what is written on them

_STYLE = {
    "svg.hashsalt": "opsbridge",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": TEXT,
    "axes.edgecolor": GRID,
    "axes.labelcolor": TEXT,
    "axes.titlecolor": TEXT,
    "xtick.color": TEXT,
    "ytick.color": TEXT,
}


@dataclass(frozen=True)
class Panel:
    """One picture of a figure: a caption in code, and what to draw on axes of matplotlib."""

    caption: str
    draw: Callable[[Any], None]


@dataclass(frozen=True)
class Figure:
    """A finished figure: the name of its file without ending, SVG, alternative text."""

    name: str
    svg: str
    alt: Text


def draw_panels(panels: list[Panel], limits: tuple[float, float, float, float]) -> str:
    """The SVG of panels that show the same range (x and y from, x and y to), y downwards."""
    matplotlib = importlib.import_module("matplotlib")
    left, top, right, bottom = limits
    with matplotlib.rc_context(_STYLE):
        titles = [panel.caption.replace(" | ", "\n| ") for panel in panels]
        lines = max(title.count("\n") + 1 for title in titles)
        across = 2 if len(panels) == 4 else min(len(panels), _ACROSS)
        down = -(-len(panels) // across)
        height = 3.0 * (bottom - top) / (right - left) + 0.35 + 0.15 * lines
        size = (3.0 * across, height * down)
        figure_class: Any = importlib.import_module("matplotlib.figure").Figure
        figure = figure_class(figsize=size, layout="constrained")
        for number, (panel, title) in enumerate(zip(panels, titles, strict=True), start=1):
            axes = figure.add_subplot(down, across, number)
            axes.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")
            axes.set_title(title, fontsize=9, family="monospace")
            axes.patch.set_alpha(0)
            panel.draw(axes)
        out = io.StringIO()
        metadata = {"Date": None, "Creator": None, "Format": None, "Type": None}
        figure.savefig(out, format="svg", transparent=True, metadata=metadata)
    return out.getvalue()


def caption(axis_name: str, values: list[str]) -> str:
    """The caption of a panel that holds for some values of an axis."""
    return f"{axis_name} = {' | '.join(values)}"


def pixel_grid(axes: Any, size: int) -> None:
    """A square of pixels, the centre of the first at (0, 0)."""
    edges = [place - 0.5 for place in range(size + 1)]
    axes.hlines(edges, edges[0], edges[-1], color=GRID, linewidth=0.6)
    axes.vlines(edges, edges[0], edges[-1], color=GRID, linewidth=0.6)
    axes.set_xticks(range(size))
    axes.set_yticks(range(size))


def rectangle(axes: Any, corners: Any, color: str, **style: Any) -> None:
    """The outline of a box given by its corners."""
    x1, y1, x2, y2 = (float(corner) for corner in corners)
    patches = importlib.import_module("matplotlib.patches")
    shape = patches.Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, edgecolor=color, **style)
    axes.add_patch(shape)


def outline(axes: Any, corners: Any, color: str, **style: Any) -> None:
    """The outline of a box given by all of its corners."""
    patches = importlib.import_module("matplotlib.patches")
    axes.add_patch(patches.Polygon(corners, closed=True, fill=False, edgecolor=color, **style))
