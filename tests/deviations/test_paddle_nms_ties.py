"""Equal scores under a cut, in our suppression in Paddle's form."""

from __future__ import annotations

import numpy as np

from opsbridge.paddle.vision.ops import nms


def test_equal_scores_of_categories() -> None:
    boxes = np.arange(12, dtype=np.float32).reshape(3, 4)
    boxes[:, 2:] += boxes[:, :2]
    scores, classes = np.array([0.5, 0.5, 0.5], np.float32), np.array([0, 1, 2])
    assert nms(boxes, 0.9, scores, classes, [0, 1, 2], 2).tolist() == [0, 1]
