"""Where a box lies: by the layout of its numbers, and by what is added to where it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from opsbridge.docgen.figures.drawing import (
    GRID,
    REGION,
    SAMPLE,
    TEXT,
    Figure,
    Panel,
    caption,
    draw_panels,
    outline,
    pixel_grid,
    rectangle,
)
from opsbridge.reference.box_iou import box_iou
from opsbridge.reference.box_shapes import box_area, box_convert, clip_boxes, masks_to_boxes
from opsbridge.reference.rotated_boxes import LAYOUTS as ROTATED
from opsbridge.tables.load import load_core
from opsbridge.tables.schema import Text

Row = tuple[float, ...]
# What is drawn for a value: the rows of corners, and what is written below them.
Shown = tuple[list[Row], str]
LAYOUTS = (
    *(("box_area", "layout"), ("box_iou", "layout"), ("nms", "layout"), ("soft_nms", "layout")),
    *(("box_convert", "source_layout"), ("box_convert", "target_layout")),
)
_NUMBERS: Row = (3, 2, 5, 3)
_TURNED: Row = (*_NUMBERS, 30)
_CORNERS: Row = (3, 2, 6, 3, 5, 6, 2, 5)
_BOX, _PAIR, _IMAGE = (1, 1, 4, 3), ((0, 0, 4, 4), (2, 1, 6, 3)), (4, 5)
_MASK = ((0, 0, 0, 0, 0), (0, 0, 1, 1, 0), (0, 1, 1, 0, 0), (0, 0, 0, 0, 0))
_ALT = Text("{what} {panels}", "{what}{panels}")
_LAYOUT_ALT = Text("What the numbers of a row mean.", "一行数字的含义。")
_PLACED = Text(
    "{caption}: ({row}) has the corners {corners}.", "{caption}：（{row}）的角点为 {corners}。"
)
_LABELLED = Text("{caption}: {label}.", "{caption}：{label}。")


def _sides(offset: Any) -> Shown:
    x1, y1, x2, y2 = _BOX
    area = float(box_area(np.array([_BOX], np.float64), box_offset=offset)[0])
    label = f"{x2 - x1 + offset} x {y2 - y1 + offset} = {area:g}"
    return [_BOX, (x1, y1, x2 + offset, y2 + offset)], label


def _overlapping(**rule: Any) -> Shown:
    first, second = (np.array([box], np.float64) for box in _PAIR)
    offset = rule.get("box_offset", 0)
    ended = [(x1, y1, x2 + offset, y2 + offset) for x1, y1, x2, y2 in _PAIR]
    name = str(rule.get("measure", "iou")).replace("iou", "IoU")
    return [*ended], f"{name} = {box_iou(first, second, **rule)[0, 0]:.3g}"


def _clipped(offset: Any) -> Shown:
    height, width = _IMAGE
    box = (-1.0, 1.0, width + 2.0, height + 1.0)
    found = clip_boxes(np.array([box]), height, width, box_offset=offset)
    return [box, tuple(map(float, found[0]))], f"({_listed(found[0])})"


def _around(offset: Any) -> Shown:
    found = masks_to_boxes(np.array([_MASK], bool), end_offset=offset)
    return [tuple(map(float, found[0]))], f"({_listed(found[0])})"


# What is said of the whole figure, how a value is drawn, and whether that is over pixels.
SCENES: dict[tuple[str, str], tuple[Text, Callable[[Any], Shown]]] = {
    ("box_area", "box_offset"): (Text("Sides and area of a box.", "框的边长与面积。"), _sides),
    ("small_boxes", "box_offset"): (Text("Sides of a box.", "框的边长。"), _sides),
    ("box_iou", "box_offset"): (
        Text("The IoU of two boxes.", "两个框的交并比。"),
        lambda value: _overlapping(box_offset=value),
    ),
    ("soft_nms", "box_offset"): (
        Text("The IoU of two boxes.", "两个框的交并比。"),
        lambda value: _overlapping(box_offset=value),
    ),
    ("box_iou", "measure"): (
        Text("How much two boxes overlap.", "两个框的重叠程度。"),
        lambda value: _overlapping(measure=value),
    ),
    ("box_iou", "denominator"): (
        Text("The shared area over another area.", "交集面积与所选面积之比。"),
        lambda value: _overlapping(denominator=value),
    ),
    ("clip_boxes", "box_offset"): (
        Text("A box cut to an image of 5 x 4 pixels.", "裁剪到 5 x 4 像素图像内的框。"),
        _clipped,
    ),
    ("check_valid", "box_offset"): (
        Text(
            "How far boxes may reach in an image of 5 x 4 pixels.", "框在 5 x 4 像素图像内的范围。"
        ),
        _clipped,
    ),
    ("masks_to_boxes", "end_offset"): (
        Text("The box around the pixels of a mask.", "掩码像素的外接框。"),
        _around,
    ),
}


def extent_figure(op: str, axis_name: str) -> Figure:
    """The figure of an axis that says where boxes end, or what is measured of them."""
    about, show = SCENES[op, axis_name]
    shown = [
        (caption(axis_name, [str(each.value)]), *show(each.value))
        for each in _values(op, axis_name)
    ]
    panels = [Panel(f"{title}\n{label}", _drawing(op, rows)) for title, rows, label in shown]
    told = [(title, {"label": label}) for title, _, label in shown]
    return _figure(op, axis_name, panels, about, _LABELLED, told)


def layout_figure(op: str, axis_name: str) -> Figure:
    """The figure of a layout: the same numbers as a box of each."""
    shown = [
        (caption(axis_name, [str(each.value)]), numbers(str(each.value)), placed(str(each.value)))
        for each in _values(op, axis_name)
    ]
    panels = [
        Panel(f"{title}\n({_listed(row)})", _placing(corners)) for title, row, corners in shown
    ]
    told = [
        (title, {"row": _listed(row), "corners": ", ".join(f"({_listed(c)})" for c in corners)})
        for title, row, corners in shown
    ]
    return _figure(op, axis_name, panels, _LAYOUT_ALT, _PLACED, told)


def numbers(layout: str) -> Row:
    """The row of numbers that is drawn in a layout."""
    if layout == "xyxyxyxy":
        return _CORNERS
    return _TURNED if layout in ROTATED else _NUMBERS


def placed(layout: str) -> list[Row]:
    """The corners of the box that these numbers are in a layout, around it."""
    row = np.array([numbers(layout)], np.float64)
    if layout in ROTATED:
        turned = box_convert(row, source_layout=layout, target_layout="xyxyxyxy")[0]
        return [tuple(map(float, corner)) for corner in turned.reshape(4, 2)]
    x1, y1, x2, y2 = map(float, box_convert(row, source_layout=layout)[0])
    return [(x1, y1), (x2, y1), (x2, y2), (x1, y2)]


def _values(op: str, axis_name: str) -> Any:
    return next(axis for axis in load_core(op).axes if axis.name == axis_name).values


def _drawing(op: str, rows: list[Row]) -> Callable[[Any], None]:
    def draw(axes: Any) -> None:
        if op in ("clip_boxes", "check_valid"):
            rectangle(axes, (0, 0, *_IMAGE[::-1]), TEXT, linewidth=1.2, linestyle=":")
        if op == "masks_to_boxes":
            for y, x in np.argwhere(_MASK):
                axes.text(x, y, "1", color=TEXT, ha="center", va="center")
        pixel_grid(axes, 6)
        for row, color, line in zip(rows, (REGION, SAMPLE), ("-", "--"), strict=False):
            rectangle(axes, row, color, linewidth=2, linestyle=line)

    return draw


def _placing(corners: list[Row]) -> Callable[[Any], None]:
    def draw(axes: Any) -> None:
        axes.grid(color=GRID, linewidth=0.4)
        outline(axes, corners, REGION, linewidth=2)

    return draw


def _figure(
    op: str,
    axis_name: str,
    panels: list[Panel],
    about: Text,
    panel: Text,
    told: list[tuple[str, dict[str, str]]],
) -> Figure:
    def text(language: str) -> str:
        said = (getattr(panel, language).format(caption=title, **facts) for title, facts in told)
        between = " " if language == "en" else ""
        what = getattr(about, language)
        return str(getattr(_ALT, language)).format(what=what, panels=between.join(said))

    limits = (-2.0, -1.5, 9.0, 7.5) if (op, axis_name) in LAYOUTS else (-2.0, -1.0, 7.5, 5.5)
    return Figure(f"{op}-{axis_name}", draw_panels(panels, limits), Text(text("en"), text("zh")))


def _listed(row: Any) -> str:
    return ", ".join(f"{number:.3g}" for number in row)


def figures() -> Iterator[tuple[tuple[str, str], Callable[[str, str], Figure]]]:
    """Every axis that these pictures explain, with what draws it."""
    yield from ((key, extent_figure) for key in SCENES)
    yield from ((key, layout_figure) for key in LAYOUTS)
