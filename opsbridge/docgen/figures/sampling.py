"""Where RoIAlign samples a region under each value of a convention, over the grid of pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from opsbridge.docgen.figures.drawing import (
    GRID,
    REGION,
    SAMPLE,
    Figure,
    Panel,
    caption,
    draw_panels,
    pixel_grid,
    rectangle,
)
from opsbridge.reference.regions import Axis, region_axes
from opsbridge.tables.load import load_core
from opsbridge.tables.schema import AxisValue, Text

_SIZE = 6
_DEFAULTS: dict[str, Any] = {
    "half_pixel": 0.0,
    "end_offset": 0,
    "min_size": "none",
    "grid": "ceil",
    "negative_size": "allow",
    "nonfinite": "refuse",
    "grid_limit": "count",
    "sample_sum": "bin_first",
}
_ALT = Text(
    "Region from ({x1:g}, {y1:g}) to ({x2:g}, {y2:g}) in {bins} bins. {panels}",
    "区域从 ({x1:g}, {y1:g}) 到 ({x2:g}, {y2:g})，分为 {bins} 个单元。{panels}",
)
_PANEL = Text(
    "{caption}: columns of samples at x = {columns}, rows at y = {rows}.",
    "{caption}：采样点的列位于 x = {columns}，行位于 y = {rows}。",
)


@dataclass(frozen=True)
class _Scene:
    """A region on which the values of an axis can be told apart."""

    region: tuple[float, float, float, float]
    bins: int
    sampling_ratio: int


SCENES = {
    "half_pixel": _Scene((1, 1, 4, 4), 2, 2),
    "end_offset": _Scene((1, 1, 4, 4), 2, 2),
    "min_size": _Scene((2, 2, 2.5, 2.5), 2, 1),
    "grid": _Scene((1, 1, 4, 4), 2, 0),
}


def sampling_figure(axis_name: str) -> Figure:
    """The figure of one axis of `roi_align`: a panel for all values that sample alike."""
    scene = SCENES[axis_name]
    axis = next(each for each in load_core("roi_align").axes if each.name == axis_name)
    grouped: dict[tuple[Axis, Axis], list[str]] = {}
    for value in axis.values:
        grouped.setdefault(sample_axes(axis_name, value), []).append(str(value.value))
    shown = [(caption(axis_name, values), axes) for axes, values in grouped.items()]
    panels = [Panel(title, _drawing(scene, *axes)) for title, axes in shown]
    svg = draw_panels(panels, (-0.5, -0.5, _SIZE - 0.5, _SIZE - 0.5))
    return Figure(f"roi_align-{axis_name}", svg, _alt(scene, shown))


def sample_axes(axis_name: str, value: AxisValue) -> tuple[Axis, Axis]:
    """The y and the x axis of the scene's region, computed by the reference."""
    scene = SCENES[axis_name]
    conventions = {**_DEFAULTS, axis_name: value.value}
    corners = np.array(scene.region, np.float64)
    bins = (scene.bins, scene.bins)
    axes = region_axes(0, corners, bins, np.float64(1), scene.sampling_ratio, **conventions)
    assert axes is not None
    return axes


def positions(axis: Axis) -> list[float]:
    """Where the samples of all bins lie along one axis."""
    places = [(index, sample) for index in range(axis.bins) for sample in range(axis.samples)]
    return [float(axis.position(index, sample)) for index, sample in places]


def _drawing(scene: _Scene, y_axis: Axis, x_axis: Axis) -> Any:
    def draw(axes: Any) -> None:
        pixel_grid(axes, _SIZE)
        for row in range(y_axis.bins):
            for column in range(x_axis.bins):
                x, y = x_axis.start + column * x_axis.bin, y_axis.start + row * y_axis.bin
                corners = (x, y, x + x_axis.bin, y + y_axis.bin)
                rectangle(axes, corners, REGION, linewidth=1.6)
        rectangle(axes, scene.region, GRID, linewidth=1.4, linestyle="--")
        points = [(x, y) for y in positions(y_axis) for x in positions(x_axis)]
        axes.scatter(*zip(*points, strict=True), color=SAMPLE, s=22, zorder=3)

    return draw


def _alt(scene: _Scene, shown: list[tuple[str, tuple[Axis, Axis]]]) -> Text:
    x1, y1, x2, y2 = scene.region

    def text(whole: str, panel: str) -> str:
        panels = [
            panel.format(
                caption=title,
                columns=", ".join(f"{place:g}" for place in positions(x_axis)),
                rows=", ".join(f"{place:g}" for place in positions(y_axis)),
            )
            for title, (y_axis, x_axis) in shown
        ]
        bins = f"{scene.bins} x {scene.bins}"
        return whole.format(x1=x1, y1=y1, x2=x2, y2=y2, bins=bins, panels=" ".join(panels))

    return Text(text(_ALT.en, _PANEL.en), text(_ALT.zh, _PANEL.zh))
