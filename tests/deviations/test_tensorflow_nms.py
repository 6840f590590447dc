"""Where our suppression in TensorFlow's form leaves the real one on purpose."""

from __future__ import annotations

import numpy as np

from opsbridge.tensorflow.image import non_max_suppression, non_max_suppression_with_scores


def test_nonfinite_box() -> None:
    boxes = np.array([[0, 0, 4, 4], [0, 0, np.nan, 4], [0, 0, np.inf, np.inf]], np.float32)
    scores = np.array([0.75, 0.5, 0.25], np.float32)
    assert non_max_suppression(boxes, scores, 3).tolist() == [0, 1, 2]
    assert non_max_suppression_with_scores(boxes, scores, 3)[0].tolist() == [0, 1, 2]
