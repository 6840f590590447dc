"""Where our padded suppression leaves TensorFlow's on purpose."""

from __future__ import annotations

import numpy as np

from opsbridge.tensorflow.image import non_max_suppression_padded

SCORES = np.array([0.75, 0.5], np.float32)


def kept(boxes: list[list[float]], iou_threshold: float = 0.5) -> list[int]:
    indices, count = non_max_suppression_padded(
        np.array(boxes, np.float32), SCORES, 2, iou_threshold, pad_to_max_output_size=True
    )
    return indices[:count].tolist()  # type: ignore[no-any-return]


def test_union_epsilon() -> None:
    assert kept([[0, 0, 1e-3, 1e-3], [0, 0, 1e-3, 5e-4]]) == [0]


def test_corners_of_the_first_box() -> None:
    assert kept([[0, 0, 4, 4], [4, 4, 0, 0]]) == [0]


def test_no_positive_coordinate() -> None:
    assert kept([[-4, -4, -2, -2], [1, 1, 2, 2]]) == [0, 1]


def test_zero_threshold() -> None:
    assert kept([[0, 0, 4, 4], [5, 5, 6, 6]], 0.0) == [0]
