"""Where our suppressions in Paddle's form leave the real ones on purpose."""

from __future__ import annotations

import numpy as np
import pytest

from opsbridge.errors import ArgumentError
from opsbridge.paddle.vision import nms_by_score, nms_in_order
from opsbridge.paddle.vision.ops import nms

BOXES = np.array([[0, 0, 4, 4], [0, 0, 4, 4]], np.float32)
SCORES = np.array([0.75, 0.5], np.float32)
CLASSES = np.array([0, 0])


def test_nan_threshold() -> None:
    nan = float("nan")
    for call in (
        lambda: nms(BOXES, nan, SCORES, CLASSES, [0]),
        lambda: nms(BOXES, nan, SCORES),
        lambda: nms(BOXES, nan),
        lambda: nms_by_score(BOXES, SCORES, nan),
        lambda: nms_in_order(BOXES, nan),
    ):
        with pytest.raises(ArgumentError, match=r"iou_threshold is nan"):
            call()
