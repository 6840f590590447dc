"""Where our suppressions in OpenCV's form leave the real ones on purpose."""

from __future__ import annotations

import numpy as np
import pytest

from opsbridge.opencv.dnn import NMSBoxes, NMSBoxesBatched

BOXES = np.array([[0, 0, 4, 4]], np.float32)
SCORES = np.array([0.5], np.float32)


def test_nothing_kept() -> None:
    for kept in (
        NMSBoxes(BOXES, SCORES, 0.75, 0.5),
        NMSBoxesBatched(BOXES, SCORES, [0], 0.75, 0.5),
        NMSBoxes([], [], 0.75, 0.5),
    ):
        assert kept.shape == (0,)
        assert kept.dtype == np.int32


def test_real_nothing_kept() -> None:
    cv2 = pytest.importorskip("cv2", reason="compares with the real OpenCV, which is not installed")
    assert cv2.dnn.NMSBoxes(BOXES, SCORES, 0.75, 0.5) == ()


TALL = np.array([[0, 0, 4, 4], [1, -np.inf, 2, np.inf]], np.float32)
LEFT = np.array([[0, 0, 4, 4], [1, -np.inf, 2, 2]], np.float32)
TWO = np.array([0.75, 0.5], np.float32)


def test_overflowing_box() -> None:
    nan = np.array([[0, 0, 4, 4], [np.nan, 1, 2, 2]], np.float32)
    assert NMSBoxes(nan, TWO, 0.0, 0.5).tolist() == [0]
    assert NMSBoxesBatched(nan, TWO, [0, 0], 0.0, 0.5).tolist() == [0, 1]
    assert NMSBoxes(TALL, TWO, 0.0, 0.5).tolist() == [0, 1]
    assert NMSBoxes(LEFT, TWO, 0.0, 0.5).tolist() == [0, 1]


def test_real_overflowing_box() -> None:
    cv2 = pytest.importorskip("cv2", reason="compares with the real OpenCV, which is not installed")
    assert cv2.dnn.NMSBoxes(TALL, TWO, 0.0, 0.5).tolist() == [0]
    assert cv2.dnn.NMSBoxes(LEFT, TWO, 0.0, 0.5).tolist() == [0, 1]
