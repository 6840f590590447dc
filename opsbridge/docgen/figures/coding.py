"""What the offsets of a box coder mean under each value of a convention: anchors and boxes."""

from __future__ import annotations

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
    rectangle,
)
from opsbridge.reference.box_coder import box_decode, box_encode
from opsbridge.tables.load import load_core
from opsbridge.tables.schema import Case, Expectation, Text

AXES = {
    "box_encode": ("box_offset", "anchor_centre"),
    "box_decode": ("box_offset", "anchor_centre", "taken_off"),
}
Row = tuple[float, ...]
_OPERATORS: dict[str, Any] = {"box_encode": box_encode, "box_decode": box_decode}
_ALT = Text(
    "Anchor ({anchor}), {given} ({row}). {panels}", "锚框（{anchor}），{given}（{row}）。{panels}"
)
_PANEL = Text("{caption}: {name} ({row}).", "{caption}：{name}（{row}）。")


def coding_figure(op: str, axis_name: str) -> Figure:
    """The figure of one axis of a box coder: a panel for all values with the same result."""
    case = next(each for each in load_core(op).cases if axis_name in each.axes)
    grouped: dict[Row, list[str]] = {}
    for each in drawn(case, axis_name):
        grouped.setdefault(coded(op, case, **each.set), []).append(str(each.set[axis_name]))
    shown = [(caption(axis_name, values), row) for row, values in grouped.items()]
    panels = [Panel(title, _drawing(case, row)) for title, row in shown]
    extent = np.array([each for _, row in shown for each in _boxes(case, row)])
    low, high = extent[:, :2].min(axis=0) - 1.0, extent[:, 2:].max(axis=0) + 1.0
    svg = draw_panels(panels, (float(low[0]), float(low[1]), float(high[0]), float(high[1])))
    return Figure(f"{op}-{axis_name}", svg, _alt(op, case, shown))


def drawn(case: Case, axis_name: str) -> list[Expectation]:
    """Those that differ in the axis alone; others have a result of another shape."""
    first = case.expect[0].set
    return [each for each in case.expect if each.set == first | {axis_name: each.set[axis_name]}]


def coded(op: str, case: Case, **conventions: Any) -> Row:
    """What the reference makes of the first row of the case."""
    tensors = ("anchors", "targets", "offsets")
    inputs = {
        name: np.array(value, case.dtype) if name in tensors else value
        for name, value in case.inputs.items()
    }
    return tuple(map(float, _OPERATORS[op](**inputs, **case.base | conventions)[0]))


def _boxes(case: Case, row: Row) -> tuple[Row, Row]:
    """The anchor, and the box that is encoded or was decoded."""
    return tuple(case.inputs["anchors"][0]), tuple(case.inputs.get("targets", [row])[0])


def _drawing(case: Case, row: Row) -> Any:
    anchor, box = _boxes(case, row)
    offsets = tuple(case.inputs["offsets"][0]) if "offsets" in case.inputs else row

    def draw(axes: Any) -> None:
        rectangle(axes, anchor, GRID, linewidth=1.6, linestyle="--")
        rectangle(axes, box, REGION, linewidth=2)
        centres = [((b[0] + b[2]) / 2, (b[1] + b[3]) / 2) for b in (anchor, box)]
        arrow = {"arrowstyle": "->", "color": SAMPLE}
        axes.annotate("", centres[1], xytext=centres[0], arrowprops=arrow)
        style = {"xytext": (0, 6), "textcoords": "offset points", "color": TEXT, "fontsize": 8}
        axes.annotate(f"dx = {offsets[0]:.3g}", centres[0], **style)

    return draw


def _alt(op: str, case: Case, shown: list[tuple[str, Row]]) -> Text:
    core = load_core(op)
    name = "targets" if op == "box_encode" else "offsets"
    slot = next(slot for slot in core.slots if slot.name == name).text

    def text(language: str) -> str:
        panels = [
            getattr(_PANEL, language).format(
                caption=title, name=getattr(core.outputs[0].text, language), row=_numbers(row)
            )
            for title, row in shown
        ]
        return str(getattr(_ALT, language)).format(
            anchor=_numbers(case.inputs["anchors"][0]),
            given=getattr(slot, language),
            row=_numbers(case.inputs[name][0]),
            panels=" ".join(panels),
        )

    return Text(text("en"), text("zh"))


def _numbers(row: Any) -> str:
    return ", ".join(f"{number:.3g}" for number in row)
