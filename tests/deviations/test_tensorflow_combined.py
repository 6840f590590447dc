"""Where our combined suppression leaves TensorFlow's on purpose."""

from __future__ import annotations

import numpy as np

from opsbridge.tensorflow.image import combined_non_max_suppression


def test_equal_scores_of_classes() -> None:
    boxes, scores = np.ones((1, 1, 1, 4), np.float32), np.full((1, 1, 20), 0.5, np.float32)
    _, _, classes, _ = combined_non_max_suppression(boxes, scores, 1, 20)
    assert classes.tolist() == [list(range(20))]
