"""Where our torchvision-shaped suppression leaves the real one on purpose."""

from __future__ import annotations

import numpy as np
import pytest
from real_frameworks import torchvision_nms

from opsbridge.errors import ArgumentError
from opsbridge.torchvision.ops import nms


def test_nan_threshold() -> None:
    boxes = np.array([[0, 0, 4, 4], [0, 0, 4, 4]], np.float32)
    scores = np.array([0.9, 0.8], np.float32)
    with pytest.raises(ArgumentError, match="iou_threshold is nan"):
        nms(boxes, scores, float("nan"))
    assert torchvision_nms(boxes, scores, float("nan")).tolist() == [0, 1]
