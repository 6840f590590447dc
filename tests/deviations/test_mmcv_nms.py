"""Where our mmcv-shaped suppression leaves the real one on purpose."""

from __future__ import annotations

import numpy as np
import pytest

from opsbridge.errors import ArgumentError, DtypeError
from opsbridge.mmcv.ops import nms

BOXES = np.array([[0, 0, 4, 4], [0, 0, 4, 4]], np.float32)
SCORES = np.array([0.9, 0.8], np.float32)


def test_nan_threshold() -> None:
    with pytest.raises(ArgumentError, match=r"^nms: iou_threshold is nan"):
        nms(BOXES, SCORES, float("nan"))


def test_score_dtype() -> None:
    with pytest.raises(DtypeError, match=r"^nms: scores is float64; allowed: float32"):
        nms(BOXES, SCORES.astype(np.float64), 0.5)
