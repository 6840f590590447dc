"""Where our soft suppression in TensorFlow's form leaves the real one on purpose."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from opsbridge.tensorflow.image import non_max_suppression_with_scores

BOXES = np.array([[0, 0, 4, 4], [1, 1, 3, 3]], np.float32)
SCORES = np.array([0.75, 0.5], np.float32)
NAN_LAST = np.array([[0, 0, 4, 4], [1, 1, np.nan, 3]], np.float32)


def real(*given: Any) -> list[Any]:
    tensorflow = pytest.importorskip(
        "tensorflow", reason="compares with the real TensorFlow, which is not installed"
    )
    results = tensorflow.image.non_max_suppression_with_scores(*given)
    return [each.numpy().tolist() for each in results]


def ours(*given: Any) -> list[Any]:
    return [each.tolist() for each in non_max_suppression_with_scores(*given)]


def test_nan_coordinate() -> None:
    assert ours(NAN_LAST, SCORES, 9, 0.5, 0.0, 0.5) == [[0], [0.75]]


def test_real_nan_coordinate() -> None:
    assert real(NAN_LAST, SCORES, 9, 0.5, 0.0, 0.5) == [[0, 1], [0.75, 0.5]]


def test_subnormal_number() -> None:
    assert ours(BOXES, SCORES, 9, 0.2, -1.0, 1e-42) == [[0, 1], [0.75, 0.0]]
    assert ours(BOXES[:1], np.array([1e-40], np.float32), 9, 0.2, -1.0, 0.5) == [[0], [0.0]]


def test_real_subnormal_number() -> None:
    assert real(BOXES, SCORES, 9, 0.2, -1.0, 1e-42) == [[0], [0.75]]
    tiny = np.array([1e-40], np.float32)
    assert real(BOXES[:1], tiny, 9, 0.2, -1.0, 0.5) == [[0], tiny.tolist()]
