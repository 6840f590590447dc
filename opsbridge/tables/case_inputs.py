"""The inputs of a case in the form that an API takes: its layout of boxes, its images, its axes.

Cases give corner boxes, and regions with the image in their first column, of one image and class.
Where a change of form would round a number, there are no inputs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from opsbridge.tables.schema import ApiTable, Case, Expectation, Param, Scalar

# Numbers of so many binary places stay themselves under the sums that a change of layout takes.
_PLACES = 1 << 10
_LAYOUTS: dict[str, Callable[[float, float, float, float], list[float]]] = {
    "yxyx": lambda x1, y1, x2, y2: [y1, x1, y2, x2],
    "xywh": lambda x1, y1, x2, y2: [x1, y1, x2 - x1, y2 - y1],
    "cxcywh": lambda x1, y1, x2, y2: [(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1],
}


def neutral_inputs(api: ApiTable, case: Case) -> dict[str, Any]:
    """What the case leaves open and the API has to be told: no limit, the images, one group.

    Where groups are shifted apart, only finite boxes of one group stay where they are.
    """
    found: dict[str, Any] = {}
    for param in api.params:
        if not param.required and param.converter != "count":
            continue
        for slot in param.fills:
            if slot == "max_outputs" and "boxes" in case.inputs:
                found[slot] = len(case.inputs["boxes"])
            elif slot == "score_threshold":
                found[slot] = 0.0
            elif slot == "batch_indices" and "rois" in case.inputs:
                found[slot] = [int(row[0]) for row in case.inputs["rois"]]
            elif slot == "groups" and _is_finite(case.inputs["boxes"]):
                found[slot] = [0] * len(case.inputs["boxes"])
            elif slot == "anchor_deviations":
                found[slot] = [[1.0] * 4] * len(case.inputs["anchors"])
    return found


def fitted_inputs(
    api: ApiTable, axes: Mapping[str, Scalar], case: Case, expectation: Expectation
) -> dict[str, Any] | None:
    """The inputs by slot for an API of these conventions; None where they cannot be such."""
    inputs = neutral_inputs(api, case) | case.inputs | _adaptive(api, case) | expectation.inputs
    layout = axes.get("layout", "xyxy")
    if layout != "xyxy" and "layout" not in {*case.axes, *case.base, *expectation.set}:
        boxes = _laid_out(inputs["boxes"], str(layout))
        if boxes is None:
            return None
        inputs["boxes"] = boxes
    if axes.get("batch_rule") in ("given", "counts") and "batch_indices" not in case.inputs:
        if any(row[0] != int(row[0]) for row in inputs["rois"]):
            return None
        inputs["rois"] = [row[1:] for row in inputs["rois"]]
    if axes.get("batch_rule") == "counts":
        images = inputs["batch_indices"]
        if images != sorted(images):
            return None
        inputs["batch_indices"] = [images.count(i) for i in range(len(inputs["features"]))]
    return inputs


def _is_finite(rows: list[list[float]]) -> bool:
    return all(math.isfinite(number) for row in rows for number in row)


def _adaptive(api: ApiTable, case: Case) -> dict[str, Any]:
    """As many samples as pixels, said as the API says it by default."""
    return {
        slot: param.default
        for param in api.params
        for slot in param.fills
        if slot == "sampling_ratio"
        and case.inputs.get(slot, 1) <= 0
        and isinstance(param.default, int)
        and param.default <= 0
    }


def with_axes(value: Any, param: Param, api: ApiTable) -> Any:
    """A value in the shape of its parameter: one image and one class where the API has several."""
    return _nested(value, param.shape, api.each)


def _nested(value: Any, shape: tuple[int | str, ...], each: tuple[str, ...]) -> Any:
    if not shape:
        return value
    if shape[0] == "...":  # one image needs no axis
        return _nested(value, shape[1:], each)
    if str(shape[0]).removeprefix("1 or ") in each:
        return [_nested(value, shape[1:], each)]
    return [_nested(row, shape[1:], each) for row in value] if isinstance(value, list) else value


def _laid_out(boxes: list[list[float]], layout: str) -> list[list[float]] | None:
    if layout not in _LAYOUTS:
        return None
    if layout != "yxyx" and not all(_is_short(number) for box in boxes for number in box):
        return None
    return [_LAYOUTS[layout](*box) for box in boxes]


def _is_short(number: float) -> bool:
    return abs(number) < _PLACES and (number * _PLACES).is_integer()
