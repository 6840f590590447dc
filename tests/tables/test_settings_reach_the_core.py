"""Numbers reach the core as each framework holds them: exactly, in float32, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from opsbridge.frameworks.numpy import LAYER
from opsbridge.tables.convert import CONVERTERS
from opsbridge.tables.load import all_api_names, load_api, load_core
from opsbridge.tables.schema import ApiTable, Param

# These frameworks hold them in float32 on the way, whatever the caller gives.
IN_FLOAT32 = {
    "onnx": {"score_threshold"},
    "opencv": {"score_threshold", "eta", "sigma"},
    "tensorflow": {"score_threshold", "soft_nms_sigma"},
}
IN_FLOAT32_THERE = {("opencv.dnn.softNMSBoxes", "nms_threshold")}
# Nothing but what is positive is looked at.
ONLY_POSITIVE = {("mmcv", "score_threshold"), ("mmcv", "max_num"), ("opencv", "top_k")}
NUMBERS = (0.1, 1 / 3, 2.0, 0.0, -0.1)
INTEGERS = (3, 1, 0, -1)

Setting = tuple[ApiTable, Param, str]


def settings() -> Iterator[Setting]:
    """Parameters that fill one slot with a number, and the kind of the slot."""
    for name in all_api_names():
        api = load_api(name)
        kinds = {slot.name: slot.kind for slot in load_core(api.core).slots}
        for param in api.params:
            if len(param.fills) == 1 and kinds[param.fills[0]] in ("float", "int"):
                yield api, param, kinds[param.fills[0]]


def expected(api: ApiTable, param: Param, value: Any) -> list[Any]:
    """What the slot gets; nothing where it is left out."""
    if (api.framework, param.name) in ONLY_POSITIVE and value <= 0:
        return []
    if (
        param.name in IN_FLOAT32.get(api.framework, ())
        or (api.name, param.name) in IN_FLOAT32_THERE
    ):
        return [float(np.float32(value))]
    if param.name == "max_output_boxes_per_class":  # ONNX: none at all, whatever is below 0
        return [max(value, 0)]
    if param.name == "split_thr":  # mmcv counts boxes, the slot their elements
        return [max(4 * value - 1, 0)]
    return [value]


@pytest.mark.parametrize(
    "setting", list(settings()), ids=lambda each: f"{each[0].name}-{each[1].name}"
)
def test_a_setting_reaches_the_core_as_the_framework_holds_it(setting: Setting) -> None:
    api, param, kind = setting
    for value in NUMBERS if kind == "float" else INTEGERS:
        if (param.minimum is None or value >= param.minimum) and not param.choices:
            filled = CONVERTERS[param.converter](value, param, LAYER)
            assert list(filled.values()) == expected(api, param, value)
