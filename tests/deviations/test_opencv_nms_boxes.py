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
