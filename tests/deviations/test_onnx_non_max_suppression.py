"""Where our suppression in ONNX's form leaves ONNX Runtime's on purpose."""

from __future__ import annotations

import numpy as np

from opsbridge.onnx import NonMaxSuppression


def test_nan_score() -> None:
    boxes = np.array([[[0, 0, 4, 4], [5, 5, 6, 6]]], np.float32)
    scores = np.array([[[np.nan, 0.5]]], np.float32)
    assert NonMaxSuppression(boxes, scores, 9, 0.5).tolist() == [[0, 0, 1]]
