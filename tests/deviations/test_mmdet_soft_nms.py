"""Where our MMDetection-shaped soft suppression leaves the real one on purpose."""

from __future__ import annotations

import numpy as np
import pytest

from opsbridge.errors import ArgumentError
from opsbridge.mmdet.ops import soft_nms

BOXES = np.array([[0, 0, 4, 4], [0, 0, 4, 4]], np.float32)
SCORES = np.array([0.9, 0.8], np.float32)


@pytest.mark.parametrize("name", ["iou_thr", "sigma", "min_score"])
def test_nan_setting(name: str) -> None:
    settings = {"iou_thr": 0.5} | {name: float("nan")}
    with pytest.raises(ArgumentError, match=rf"^soft_nms: {name} is nan"):
        soft_nms(np.column_stack((BOXES, SCORES)), **settings)


@pytest.mark.parametrize("column", range(4))
def test_nan_box(column: int) -> None:
    dets = np.column_stack((BOXES, SCORES))
    dets[1, column] = float("nan")
    kept, _ = soft_nms(dets, 0.3, "gaussian")
    assert np.isnan(kept[1, 4])
