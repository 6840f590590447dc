"""Where our mmcv-shaped grouping leaves the real one on purpose."""

from __future__ import annotations

import numpy as np
import pytest

from opsbridge.errors import ArgumentError
from opsbridge.mmcv.ops import nms_match

BOXES = np.array([[0, 0, 4, 4], [0, 0, 4, 4]], np.float32)
SCORES = np.array([0.9, 0.8], np.float32)


def test_nan_threshold() -> None:
    with pytest.raises(ArgumentError, match=r"^nms_match: iou_threshold is nan"):
        nms_match(np.column_stack((BOXES, SCORES)), float("nan"))
