"""Where our suppressions in detectron2's form leave the real ones on purpose."""

from __future__ import annotations

import numpy as np
import pytest

from opsbridge.detectron2.layers import batched_nms, nms
from opsbridge.errors import ArgumentError

BOXES, SCORES = np.ones((1, 4), np.float32), np.ones(1, np.float32)


def test_nan_threshold() -> None:
    with pytest.raises(ArgumentError, match=r"iou_threshold is nan"):
        nms(BOXES, SCORES, float("nan"))
    with pytest.raises(ArgumentError, match=r"iou_threshold is nan"):
        batched_nms(BOXES, SCORES, np.array([0]), float("nan"))
