"""Suppressions in OpenCV's form against the real ones: random, dyadic, degenerate, tied."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from framework_tensors import to_tensor

from opsbridge.opencv.dnn import (
    NMSBoxes,
    NMSBoxesBatched,
    SoftNMSMethod_SOFTNMS_GAUSSIAN,
    SoftNMSMethod_SOFTNMS_LINEAR,
    softNMSBoxes,
)

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


WHOLE_BOXES = {
    "near": lambda rng, n: rng.integers(0, 12, (n, 4)),
    "inverted": lambda rng, n: rng.integers(-9, 12, (n, 4)),
    "wide": lambda rng, n: np.concatenate(
        [rng.integers(0, 200, (n, 2)), rng.integers(1, 100, (n, 2))], axis=1
    ),
    "repeated": lambda rng, n: np.repeat(rng.integers(0, 8, (n, 4)), 3, axis=0)[:n],
}
SCORES = {
    "random": lambda rng, n: rng.uniform(0, 1, n),
    "tied": lambda rng, n: rng.integers(0, 9, n) / 8,
    "odd": lambda rng, n: rng.choice([np.nan, np.inf, -np.inf, -0.5, 0.0, 0.25, 0.5, 0.75], n),
}


@pytest.mark.parametrize("scored", SCORES)
@pytest.mark.parametrize("kind", WHOLE_BOXES)
def test_scores_are_lowered_alike(kind: str, scored: str) -> None:
    """To the last bit, where sigma or the thresholds are zero, too."""
    rng = np.random.default_rng(len(kind + scored))
    for _ in range(120):
        count = int(rng.integers(0, 40))
        boxes = WHOLE_BOXES[kind](rng, count).astype(np.int32)
        scores = SCORES[scored](rng, count).astype(np.float32)
        settings: tuple[Any, ...] = (
            float(rng.choice([0, 0.001, 0.1, 0.125, 0.5])),
            float(rng.choice(THRESHOLDS)),
            int(rng.choice([0, 0, 1, 5, 100])),
            float(rng.choice([0, 0.001, 0.01, 0.1, 0.5, 2, 0.3])),
            int(rng.choice([SoftNMSMethod_SOFTNMS_LINEAR, SoftNMSMethod_SOFTNMS_GAUSSIAN])),
        )
        wanted = [np.array(each) for each in cv2.dnn.softNMSBoxes(boxes, scores, *settings)]
        for given in ((boxes, scores), (boxes.tolist(), scores.tolist())):
            for ours, theirs in zip(softNMSBoxes(*given, *settings), wanted, strict=True):
                np.testing.assert_array_equal(ours, theirs, err_msg=str(settings))


def test_the_methods_have_the_real_numbers() -> None:
    assert cv2.dnn.SoftNMSMethod_SOFTNMS_LINEAR == SoftNMSMethod_SOFTNMS_LINEAR
    assert cv2.dnn.SoftNMSMethod_SOFTNMS_GAUSSIAN == SoftNMSMethod_SOFTNMS_GAUSSIAN


def test_tensors_of_another_framework() -> None:
    pytest.importorskip("torch", reason="compares tensors of PyTorch, which is not installed")
    boxes, scores = np.array([[0, 0, 4, 4], [0, 0, 4, 3]]), np.array([0.5, 0.75], np.float32)
    kept = NMSBoxes(to_tensor("torch", boxes), to_tensor("torch", scores), 0.1, 0.5)
    assert (type(kept).__module__, kept.tolist()) == ("torch", [1])
    lowered, kept = softNMSBoxes(to_tensor("torch", boxes), [0.5, 0.75], 0.1, 0.5)
    assert (type(lowered).__module__, kept.tolist()) == ("torch", [1, 0])
