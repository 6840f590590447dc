"""Which boxes a suppression keeps under each value of a convention, with scores and overlaps."""

from __future__ import annotations

from typing import Any

import numpy as np

from opsbridge.docgen.figures.drawing import (
    DROPPED,
    SAMPLE,
    TEXT,
    Figure,
    Panel,
    caption,
    draw_panels,
    rectangle,
)
from opsbridge.reference.box_iou import box_iou
from opsbridge.reference.nms import nms
from opsbridge.tables.load import load_core
from opsbridge.tables.schema import Case, Expectation, Text

Result = tuple[tuple[bool, ...], tuple[float, ...]]

# Axes of `nms` that a picture of boxes explains, with the case that is drawn.
CASES = {
    "box_offset": "",
    "corner_order": "",
    "comparison": "",
    "threshold_type": "",
    "order": "equal-scores",
    "group_rule": "groups-or-not",
}
_ALT = Text(
    "Boxes with their largest IoU with another kept one; the threshold is {threshold:g}. {panels}",
    "各框及其与其他保留框的最大交并比；阈值为 {threshold:g}。{panels}",
)
_PANEL = Text("{caption}: {boxes}.", "{caption}：{boxes}。")
_BOX = {
    True: Text(
        "box {number} (score {score:g}, IoU {overlap:.3g}{group}) is kept",
        "框 {number}（分数 {score:g}，交并比 {overlap:.3g}{group}）保留",
    ),
    False: Text(
        "box {number} (score {score:g}, IoU {overlap:.3g}{group}) is dropped",
        "框 {number}（分数 {score:g}，交并比 {overlap:.3g}{group}）丢弃",
    ),
}
_GROUP = Text(", group {group}", "，第 {group} 组")


def suppression_figure(axis_name: str) -> Figure:
    """The figure of one axis of `nms`: a panel for all values that keep the same boxes."""
    case = drawn_case(axis_name)
    grouped: dict[Result, list[str]] = {}
    for each in case.expect:
        grouped.setdefault(suppressed(case, each), []).append(str(each.set[axis_name]))
    results = [(caption(axis_name, values), *result) for result, values in grouped.items()]
    boxes, _ = _arrays(case)
    panels = [Panel(title, _drawing(case, kept, overlaps)) for title, kept, overlaps in results]
    margin = float(np.max(boxes) - np.min(boxes)) * 0.08
    low, high = boxes[:, :2].min(axis=0) - margin, boxes[:, 2:].max(axis=0) + margin
    svg = draw_panels(panels, (float(low[0]), float(low[1]), float(high[0]), float(high[1])))
    return Figure(f"nms-{axis_name}", svg, _alt(case, results))


def drawn_case(axis_name: str) -> Case:
    """The case of the core table that tells the values of the axis apart, and can be drawn."""
    cases = load_core("nms").cases
    wanted = CASES[axis_name]
    return next(
        case
        for case in cases
        if axis_name in case.axes
        and wanted in ("", case.name)
        and 2 <= len(case.inputs["boxes"]) <= 4
        and not any(each.refused for each in case.expect)
        and np.isfinite(case.inputs["boxes"]).all()
    )


def suppressed(case: Case, expectation: Expectation) -> Result:
    """Which boxes are kept, and the largest IoU of each box with another kept one."""
    boxes, scores = _arrays(case)
    rule: dict[str, Any] = {**case.base, **expectation.set}
    given = {name: value for name, value in case.inputs.items() if name not in ("boxes", "scores")}
    if "groups" in given:
        given["groups"] = np.array(given["groups"], np.int64)
    kept = nms(boxes, scores, **given, **rule).keep_mask
    if rule.get("corner_order") == "sorted":
        low, high = boxes[:, :2], boxes[:, 2:]
        boxes = np.concatenate([np.minimum(low, high), np.maximum(low, high)], axis=1)
    overlaps = box_iou(boxes, boxes, box_offset=rule.get("box_offset", 0))
    np.fill_diagonal(overlaps, 0)
    return tuple(map(bool, kept)), tuple(map(float, overlaps[:, kept].max(axis=1)))


def _arrays(case: Case) -> tuple[Any, Any]:
    return np.array(case.inputs["boxes"], case.dtype), np.array(case.inputs["scores"], case.dtype)


def _group(case: Case, number: int, language: str) -> str:
    """The group of a box in words; nothing in a case without groups."""
    groups = case.inputs.get("groups")
    return getattr(_GROUP, language).format(group=groups[number]) if groups else ""


def _drawing(case: Case, kept: tuple[bool, ...], overlaps: tuple[float, ...]) -> Any:
    boxes, scores = _arrays(case)

    def draw(axes: Any) -> None:
        axes.set_xticks([])
        axes.set_yticks([])
        for number, (box, score) in enumerate(zip(boxes, scores, strict=True)):
            color, line = (SAMPLE, "-") if kept[number] else (DROPPED, "--")
            rectangle(axes, box, color, linewidth=2, linestyle=line)
            label = f" {number}: {score:g}, IoU {overlaps[number]:.3g}{_group(case, number, 'en')}"
            place = (float(box[0]), float(box[3]))
            style = {"xytext": (2, 3), "textcoords": "offset points", "fontsize": 8, "color": TEXT}
            axes.annotate(label, place, **style)

    return draw


def _alt(case: Case, results: list[tuple[str, *Result]]) -> Text:
    scores = case.inputs["scores"]

    def text(language: str) -> str:
        panels = []
        for title, kept, overlaps in results:
            boxes = [
                getattr(_BOX[kept[number]], language).format(
                    number=number,
                    score=score,
                    overlap=overlaps[number],
                    group=_group(case, number, language),
                )
                for number, score in enumerate(scores)
            ]
            joined = (", " if language == "en" else "，").join(boxes)
            panels.append(getattr(_PANEL, language).format(caption=title, boxes=joined))
        threshold = case.inputs["iou_threshold"]
        return str(getattr(_ALT, language)).format(threshold=threshold, panels=" ".join(panels))

    return Text(text("en"), text("zh"))
