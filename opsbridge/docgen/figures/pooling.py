"""Which pixels RoIPool puts into each bin under each value of a convention."""

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
from opsbridge.reference.roi_pool import Window, windows
from opsbridge.tables.load import load_core
from opsbridge.tables.schema import AxisValue, Text

_SIZE = 5
_BINS = 2
_INSET = 0.1  # so that bins that share pixels can be told apart
_DEFAULTS: dict[str, Any] = {
    "corner": "round_away",
    "end_offset": 0,
    "length_plus": 1,
    "min_size": "one",
    "nonfinite": "refuse",
    "clip": "size",
}
_ALT = Text(
    "Region from ({x1:g}, {y1:g}) to ({x2:g}, {y2:g}), scaled by {scale:g}, in {bins} bins"
    " over {size} x {size} pixels. {panels}",
    "区域从 ({x1:g}, {y1:g}) 到 ({x2:g}, {y2:g})，缩放系数 {scale:g}，"
    "在 {size} x {size} 个像素上分为 {bins} 个单元。{panels}",
)
_PANEL = Text(
    "{caption}: columns of the bins {columns}, rows {rows}.",
    "{caption}：单元的列为 {columns}，行为 {rows}。",
)
_NOTHING = Text("{caption}: no bin has a pixel.", "{caption}：没有单元含有像素。")


@dataclass(frozen=True)
class _Scene:
    """A region on which the values of an axis can be told apart, with other conventions."""

    region: tuple[float, float, float, float]
    rule: tuple[tuple[str, Any], ...] = ()
    scale: float = 1


SCENES = {
    "corner": _Scene((3.5, 3.5, 7, 7), (("length_plus", 0),), 0.5),
    "end_offset": _Scene((1, 1, 3, 3), (("length_plus", 0),)),
    "length_plus": _Scene((1, 1, 3, 3)),
    "min_size": _Scene((2.5, 2.5, 1.5, 1.5), (("corner", "exact"), ("length_plus", 0))),
    "clip_high": _Scene((2, 2, 5, 5)),
}


def pooling_figure(axis_name: str) -> Figure:
    """The figure of one axis of `roi_pool`: a panel for all values with the same pixels."""
    scene = SCENES[axis_name]
    axis = next(each for each in load_core("roi_pool").axes if each.name == axis_name)
    grouped: dict[tuple[Window, ...], list[str]] = {}
    for value in axis.values:
        grouped.setdefault(bin_windows(axis_name, value), []).append(str(value.value))
    shown = [(caption(axis_name, values), found) for found, values in grouped.items()]
    panels = [Panel(title, _drawing(scene, found)) for title, found in shown]
    svg = draw_panels(panels, (-0.5, -0.5, _SIZE - 0.5, _SIZE - 0.5))
    return Figure(f"roi_pool-{axis_name}", svg, _alt(scene, shown))


def bin_windows(axis_name: str, value: AxisValue) -> tuple[Window, ...]:
    """Rows and columns of every bin that has pixels, computed by the reference."""
    scene = SCENES[axis_name]
    name = "clip" if axis_name == "clip_high" else axis_name
    rule = {**_DEFAULTS, **dict(scene.rule), name: value.value}
    rois, scale = np.array([scene.region], np.float32), np.float32(scene.scale)
    found = windows(rois, (_BINS, _BINS), scale, (_SIZE, _SIZE), **rule)
    return tuple(window for *_, window in found if all(window))


def _drawing(scene: _Scene, found: tuple[Window, ...]) -> Any:
    def draw(axes: Any) -> None:
        pixel_grid(axes, _SIZE)
        for number, (rows, columns) in enumerate(found):
            inset = _INSET * (number % 3)
            corners = (
                columns.start - 0.5 + inset,
                rows.start - 0.5 + inset,
                columns.stop - 0.5 - inset,
                rows.stop - 0.5 - inset,
            )
            rectangle(axes, corners, REGION, linewidth=1.6)
            points = [(x, y) for y in rows for x in columns]
            axes.scatter(*zip(*points, strict=True), color=SAMPLE, s=22, zorder=3)
        scaled = [corner * scene.scale for corner in scene.region]
        rectangle(axes, scaled, GRID, linewidth=1.4, linestyle="--")

    return draw


def _alt(scene: _Scene, shown: list[tuple[str, tuple[Window, ...]]]) -> Text:
    x1, y1, x2, y2 = scene.region

    def text(language: str) -> str:
        panels = []
        for title, found in shown:
            rows = dict.fromkeys(_span(window[0]) for window in found)
            columns = dict.fromkeys(_span(window[1]) for window in found)
            form = _PANEL if found else _NOTHING
            panels.append(
                getattr(form, language).format(
                    caption=title, columns=", ".join(columns), rows=", ".join(rows)
                )
            )
        whole: str = getattr(_ALT, language)
        bins = f"{_BINS} x {_BINS}"
        return whole.format(
            x1=x1,
            y1=y1,
            x2=x2,
            y2=y2,
            scale=scene.scale,
            bins=bins,
            size=_SIZE,
            panels=" ".join(panels),
        )

    return Text(text("en"), text("zh"))


def _span(pixels: range) -> str:
    return f"{pixels.start}-{pixels.stop - 1}" if len(pixels) > 1 else str(pixels.start)
