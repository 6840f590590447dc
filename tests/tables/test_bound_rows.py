"""Whether nested lists may stand for a tensor, or a tensor for a number, the table says."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from opsbridge.errors import OpsbridgeError
from opsbridge.onnx import NonMaxSuppression
from opsbridge.opencv.dnn import NMSBoxes, NMSBoxesBatched, softNMSBoxes
from opsbridge.torchvision.ops import nms

BOXES = [[0.0, 0.0, 4.0, 4.0], [8.0, 8.0, 4.0, 4.0]]
SCORES = [0.75, 0.5]


def test_rows_are_taken_where_the_table_has_them() -> None:
    np.testing.assert_array_equal(NMSBoxes(BOXES, SCORES, 0.25, 0.5), [0, 1])
    np.testing.assert_array_equal(NMSBoxesBatched(BOXES, SCORES, [0, 1], 0.25, 0.5), [0, 1])
    scores, keep = softNMSBoxes([[0, 0, 4, 4], [8, 8, 4, 4]], SCORES, 0.25, 0.5)
    np.testing.assert_array_equal(scores, SCORES)
    np.testing.assert_array_equal(keep, [0, 1])


def test_rows_are_refused_where_it_has_none() -> None:
    with pytest.raises(OpsbridgeError, match="boxes"):
        nms(BOXES, SCORES, 0.5)


@pytest.mark.parametrize(
    ("numbers", "kept"), [((2, 0.5, 0.25), 2), ((1, 0.5, 0.25), 1), ((2, 0.5, 0.6), 1)]
)
def test_tensors_of_one_element_are_numbers_where_the_table_has_them(
    numbers: tuple[float, ...], kept: int
) -> None:
    boxes = np.array([[[0, 0, 4, 4], [8, 8, 12, 12]]], np.float32)
    scores = np.array([[SCORES]], np.float32)
    singles = [np.array([number]) for number in numbers]
    plain = NonMaxSuppression(boxes, scores, *numbers)
    np.testing.assert_array_equal(plain, [[0, 0, index] for index in range(kept)])
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # NumPy is about to refuse arrays as numbers
        found = NonMaxSuppression(boxes, scores, *singles)
    np.testing.assert_array_equal(found, plain)


def test_tensors_of_one_element_are_refused_where_it_has_numbers_only() -> None:
    with pytest.raises(OpsbridgeError, match="score_threshold"):
        NMSBoxes(BOXES, SCORES, np.array([0.25]), 0.5)
