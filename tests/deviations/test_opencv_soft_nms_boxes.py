"""Where our soft suppression in OpenCV's form leaves the real one on purpose."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from opsbridge.opencv.dnn import softNMSBoxes

BOXES = np.array([[0, 0, 4, 4]])
DISJOINT = [[0, 0, 100_000, 100_000], [500_000, 0, 100_000, 100_000]]
REASON = "compares with the real OpenCV, which is not installed"


def test_nothing_kept() -> None:
    cases: tuple[tuple[Any, Any], ...] = ((BOXES, [0.5]), ([], []))
    for given in cases:
        scores, indices = softNMSBoxes(*given, 0.75, 0.5)
        assert (scores.shape, scores.dtype) == ((0,), np.float32)
        assert (indices.shape, indices.dtype) == ((0,), np.int32)


def test_real_nothing_kept() -> None:
    cv2 = pytest.importorskip("cv2", reason=REASON)
    assert cv2.dnn.softNMSBoxes(BOXES, [0.5], 0.75, 0.5) == ((), ())


def test_overflowing_area() -> None:
    assert softNMSBoxes(DISJOINT, [0.75, 0.5], 0.1, 0.5)[0].tolist() == [0.75, 0.5]
    assert softNMSBoxes([[2**40, 0, 1, 1]], [0.5], 0.1, 0.5)[0].tolist() == [0.5]


def test_real_overflowing_area() -> None:
    """An area of 10**10 is one of 1410065408, and two of them are less than nothing."""
    cv2 = pytest.importorskip("cv2", reason=REASON)
    assert cv2.dnn.softNMSBoxes(DISJOINT, [0.75, 0.5], 0.1, 0.5)[0].tolist() == [0.75]
    with pytest.raises(TypeError):
        cv2.dnn.softNMSBoxes([[2**40, 0, 1, 1]], [0.5], 0.1, 0.5)
