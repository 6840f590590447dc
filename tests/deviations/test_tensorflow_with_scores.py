"""Where our suppression with scores leaves TensorFlow's on purpose."""

from __future__ import annotations

import numpy as np
import pytest

from opsbridge.errors import ArgumentError
from opsbridge.tensorflow.image import non_max_suppression_with_scores


def test_soft_suppression() -> None:
    boxes, scores = np.ones((1, 4), np.float32), np.ones(1, np.float32)
    with pytest.raises(ArgumentError, match=r"soft_nms_sigma is 0.5; it must be"):
        non_max_suppression_with_scores(boxes, scores, 1, soft_nms_sigma=0.5)
