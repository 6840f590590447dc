"""Where CropAndResize takes the pixels of a crop from under each method, over the image."""

from __future__ import annotations

from typing import Any

import numpy as np

from opsbridge.docgen.figures.drawing import (
    REGION,
    SAMPLE,
    Figure,
    Panel,
    caption,
    draw_panels,
    pixel_grid,
    rectangle,
)
from opsbridge.reference.crop_and_resize import crop_and_resize
from opsbridge.tables.load import load_core
from opsbridge.tables.schema import Text

AXES = ("method",)
_SIZE = 5
_CROP = 4
_BOX = (0.1, 0.2, 0.8, 0.7)  # y1, x1, y2, x2 as parts of the image
Points = tuple[tuple[float, float], ...]
_ALT = Text(
    "A box cut out of {size} x {size} pixels as a crop of {crop} x {crop}. {panels}",
    "从 {size} x {size} 个像素中裁剪的框，大小变为 {crop} x {crop}。{panels}",
)
_PANEL = Text(
    "{caption}: pixels are taken from columns x = {columns}, rows y = {rows}.",
    "{caption}：像素取自列 x = {columns}，行 y = {rows}。",
)


def cropping_figure(axis_name: str) -> Figure:
    """The figure of one axis of `crop_and_resize`: a panel for all values with the same places."""
    axis = next(each for each in load_core("crop_and_resize").axes if each.name == axis_name)
    grouped: dict[Points, list[str]] = {}
    for value in axis.values:
        points = taken_from(**{axis_name: value.value})
        grouped.setdefault(points, []).append(str(value.value))
    shown = [(caption(axis_name, values), points) for points, values in grouped.items()]
    panels = [Panel(title, _drawing(points)) for title, points in shown]
    svg = draw_panels(panels, (-0.5, -0.5, _SIZE - 0.5, _SIZE - 0.5))
    return Figure(f"crop_and_resize-{axis_name}", svg, _alt(shown))


def taken_from(**conventions: Any) -> Points:
    """Where the pixels of the crop lie: what the reference crops from an image of coordinates."""
    y, x = np.mgrid[:_SIZE, :_SIZE].astype(np.float32)
    image = np.stack([x, y], axis=-1)[None]
    boxes, indices = np.array([_BOX], np.float32), np.array([0])
    crops = crop_and_resize(image, boxes, indices, _CROP, _CROP, 0.0, **conventions)
    return tuple((round(float(x), 3), round(float(y), 3)) for x, y in crops.reshape(-1, 2))


def _drawing(points: Points) -> Any:
    def draw(axes: Any) -> None:
        pixel_grid(axes, _SIZE)
        y1, x1, y2, x2 = (each * (_SIZE - 1) for each in _BOX)
        rectangle(axes, (x1, y1, x2, y2), REGION, linewidth=1.6)
        axes.scatter(*zip(*points, strict=True), color=SAMPLE, s=22, zorder=3)

    return draw


def _alt(shown: list[tuple[str, Points]]) -> Text:
    def text(language: str) -> str:
        panels = [
            getattr(_PANEL, language).format(
                caption=title,
                columns=", ".join(f"{x:g}" for x in dict.fromkeys(x for x, _ in points)),
                rows=", ".join(f"{y:g}" for y in dict.fromkeys(y for _, y in points)),
            )
            for title, points in shown
        ]
        whole: str = getattr(_ALT, language)
        return whole.format(size=_SIZE, crop=_CROP, panels=" ".join(panels))

    return Text(text("en"), text("zh"))
