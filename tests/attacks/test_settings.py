"""Settings without sense: strings, nothing, huge numbers, arrays; each is refused plainly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from framework_tensors import framework

from opsbridge.errors import ArgumentError, OpsbridgeError
from opsbridge.mindspore.ops import NMSWithMask, ROIAlign
from opsbridge.torchvision.ops import RoIAlign, nms, roi_align

BOXES = np.array([[0, 0, 4, 4], [0, 0, 3, 3], [0, 0, 2, 2]], np.float32)
SCORES = np.array([0.8, 0.7, 0.6], np.float32)
FEATURES = np.arange(16, dtype=np.float32).reshape(1, 1, 4, 4)
ROIS = np.array([[0, 0, 0, 2, 2]], np.float32)
HUGE = 10**400

SETTINGS: dict[str, Any] = {
    "nms": lambda value: nms(BOXES, SCORES, value),
    "NMSWithMask": lambda value: NMSWithMask(value)(np.column_stack((BOXES, SCORES))),
    "output_size": lambda value: roi_align(FEATURES, ROIS, value),
    "one of output_size": lambda value: roi_align(FEATURES, ROIS, (1, value)),
    "spatial_scale": lambda value: roi_align(FEATURES, ROIS, 1, value),
    "sampling_ratio": lambda value: roi_align(FEATURES, ROIS, 1, 1.0, value),
    "aligned": lambda value: roi_align(FEATURES, ROIS, 1, 1.0, 1, value),
    "RoIAlign": lambda value: RoIAlign(value, 1.0, 1)(FEATURES, ROIS),
    "pooled_height": lambda value: ROIAlign(value, 1, 1.0)(FEATURES, ROIS),
    "spatial_scale of ROIAlign": lambda value: ROIAlign(1, 1, value)(FEATURES, ROIS),
    "sample_num": lambda value: ROIAlign(1, 1, 1.0, value)(FEATURES, ROIS),
    "roi_end_mode": lambda value: ROIAlign(1, 1, 1.0, 1, value)(FEATURES, ROIS),
}


VALUES: dict[str, Any] = {
    "string": "1",
    "bytes": b"1",
    "nothing": None,
    "complex": 1j,
    "NumPy complex": np.complex64(1 + 1j),
    "nan": float("nan"),
    "huge": HUGE,
    "minus huge": -HUGE,
    "vector": np.array([1.0]),
    "empty vector": np.array([]),
    "text in an array": np.array("a"),
    "fraction in an array": np.array(1.5),
    "dict": {},
    "set": {1},
    "nested": [[1, 1], [1, 1]],
    "class": int,
}


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("value", VALUES)
def test_settings_without_sense_are_refused(value: str, setting: str) -> None:
    if value == "fraction in an array" and setting in ("nms", "spatial_scale"):
        assert SETTINGS[setting](VALUES[value]).shape[0] >= 1  # a number, in an array of rank 0
        return
    with pytest.raises(OpsbridgeError) as caught:
        SETTINGS[setting](VALUES[value])
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("value", [True, np.bool_(True)], ids=repr)
@pytest.mark.parametrize("setting", SETTINGS)
def test_true_is_no_number_of_things(value: Any, setting: str) -> None:
    if setting in ("nms", "spatial_scale", "aligned"):
        try:
            SETTINGS[setting](value)  # the real ones take it as 1
        except OpsbridgeError:
            return
    else:
        with pytest.raises(OpsbridgeError):
            SETTINGS[setting](value)


def test_numbers_in_arrays_of_rank_0() -> None:
    assert nms(BOXES, SCORES, np.array(0.4)).tolist() == [0, 2]
    assert nms(BOXES, SCORES, np.float16(0.4)).tolist() == [0, 2]
    assert roi_align(FEATURES, ROIS, np.array(2), 1.0, np.int8(2)).shape == (1, 1, 2, 2)
    torch = framework("torch")
    assert nms(BOXES, SCORES, torch.tensor(0.4)).tolist() == [0, 2]


def test_a_result_that_no_memory_holds_is_an_error() -> None:
    with pytest.raises((ArgumentError, MemoryError)):
        roi_align(FEATURES, ROIS, 2**31 - 1)
