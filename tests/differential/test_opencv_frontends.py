"""Suppressions in OpenCV's form against the real ones: random, dyadic, degenerate, tied."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from framework_tensors import to_tensor

from opsbridge.opencv.dnn import NMSBoxes, NMSBoxesBatched

cv2 = pytest.importorskip("cv2", reason="compares with the real OpenCV, which is not installed")

BOXES = {
    "random": lambda rng, n: rng.uniform(0, 100, (n, 4)).astype(np.float32),
    "halves": lambda rng, n: (rng.integers(0, 9, (n, 4)) / 2).astype(np.float32),
    "whole": lambda rng, n: rng.integers(0, 12, (n, 4)).astype(np.int32),
    "degenerate": lambda rng, n: rng.integers(-9, 12, (n, 4)) / 4,
}
THRESHOLDS = (0, 0.1, 0.2, 0.25, 0.3, 0.5, 0.7, 1.0, 0.618)


@pytest.mark.parametrize("kind", BOXES)
def test_the_same_boxes_are_kept(kind: str) -> None:
    rng = np.random.default_rng(len(kind))
    for round_number in range(120):
        count = int(rng.integers(0, 40))
        boxes = BOXES[kind](rng, count)
        scores = rng.uniform(-1, 1, count).astype(np.float32)
        if round_number % 2:
            scores = (rng.integers(0, 9, count) / 8).astype(np.float32)
        classes = rng.integers(0, 4, count).astype(np.int32)
        settings: tuple[Any, ...] = (
            float(rng.choice([0, 0.1, 0.125, 0.5])),
            float(rng.choice(THRESHOLDS)),
            float(rng.choice([1, 0.9, 0.5])),
            int(rng.choice([0, 5, 100, -1])),
        )
        wanted = list(cv2.dnn.NMSBoxes(boxes, scores, *settings))
        assert list(NMSBoxes(boxes, scores, *settings)) == wanted, settings
        assert list(NMSBoxes(boxes.tolist(), scores.tolist(), *settings)) == wanted, settings
        if round_number % 3 == 0:  # the batched form takes negative score thresholds
            settings = (-0.5, *settings[1:])
        wanted = list(cv2.dnn.NMSBoxesBatched(boxes, scores, classes, *settings))
        assert list(NMSBoxesBatched(boxes, scores, classes, *settings)) == wanted, settings


def test_tensors_of_another_framework() -> None:
    pytest.importorskip("torch", reason="compares tensors of PyTorch, which is not installed")
    boxes, scores = np.array([[0, 0, 4, 4], [0, 0, 4, 3]]), np.array([0.5, 0.75], np.float32)
    kept = NMSBoxes(to_tensor("torch", boxes), to_tensor("torch", scores), 0.1, 0.5)
    assert (type(kept).__module__, kept.tolist()) == ("torch", [1])
