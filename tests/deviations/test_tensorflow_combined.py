"""Where our combined suppression leaves TensorFlow's on purpose."""

from __future__ import annotations

import numpy as np
import pytest

from opsbridge.tensorflow.image import combined_non_max_suppression


def test_equal_scores() -> None:
    apart = np.arange(40, dtype=np.float32)[:, None, None] + np.float32([0, 0, 1, 1])
    found, *_ = combined_non_max_suppression(
        apart[None], np.full((1, 40, 1), 0.5, np.float32), 40, 40, clip_boxes=False
    )
    assert found[0, :, 0].tolist() == list(range(40))
    boxes, scores = np.ones((1, 1, 1, 4), np.float32), np.full((1, 1, 20), 0.5, np.float32)
    _, _, classes, _ = combined_non_max_suppression(boxes, scores, 1, 20)
    assert classes.tolist() == [list(range(20))]


def test_real_equal_scores() -> None:
    tensorflow = pytest.importorskip(
        "tensorflow", reason="compares with the real TensorFlow, which is not installed"
    )
    boxes, scores = np.ones((1, 1, 1, 4), np.float32), np.full((1, 1, 20), 0.5, np.float32)
    classes = tensorflow.image.combined_non_max_suppression(boxes, scores, 1, 20)[2].numpy()
    assert sorted(classes[0].tolist()) == list(range(20))
    assert classes.tolist() != [list(range(20))]
