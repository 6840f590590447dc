"""APIs that go through leading axes, however many there are: images in the shape they come in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from framework_tensors import FRAMEWORKS, to_array, to_tensor

from opsbridge.errors import ArgumentError
from opsbridge.tensorflow.image import non_max_suppression, non_max_suppression_padded


def images(*leading: int) -> Any:
    rng = np.random.default_rng(3)
    boxes = rng.integers(1, 9, (*leading, 9, 4)).astype(np.float32)
    boxes[..., 2:] += boxes[..., :2]
    return boxes, rng.permutation(9 * int(np.prod(leading))).reshape(*leading, 9).astype(np.float32)


@pytest.mark.parametrize("kind", FRAMEWORKS)
def test_every_image_is_its_own(kind: str) -> None:
    boxes, scores = images(2, 3)
    given = to_tensor(kind, boxes), to_tensor(kind, scores)
    indices, counts = non_max_suppression_padded(*given, 5, 0.25, pad_to_max_output_size=True)
    assert (tuple(indices.shape), tuple(counts.shape)) == ((2, 3, 5), (2, 3))
    for place in np.ndindex(2, 3):
        wanted = non_max_suppression(boxes[place], scores[place], 5, 0.25).tolist()
        assert to_array(indices)[place].tolist() == wanted + [0] * (5 - len(wanted))
        assert to_array(counts)[place] == len(wanted)


def test_no_image_and_no_box() -> None:
    boxes, scores = images(2)
    indices, counts = non_max_suppression_padded(
        boxes[:0], scores[:0], 4, pad_to_max_output_size=True
    )
    assert (indices.shape, counts.shape) == ((0, 4), (0,))
    empty = boxes[:, :0], scores[:, :0]
    indices, counts = non_max_suppression_padded(*empty, 4, pad_to_max_output_size=True)
    assert (indices.tolist(), counts.tolist()) == ([[0] * 4] * 2, [0, 0])


def test_what_does_not_fit_is_refused() -> None:
    boxes, scores = images(2)
    with pytest.raises(ArgumentError, match=r"pad_to_max_output_size is False; idx of several"):
        non_max_suppression_padded(boxes, scores, 4)
    with pytest.raises(ArgumentError, match=r"scores has the leading axes \(1,\), but boxes has"):
        non_max_suppression_padded(boxes, scores[:1], 4, pad_to_max_output_size=True)
    with pytest.raises(ArgumentError, match=r"boxes has shape \(4,\); expected \(\.\.\., N, 4\)"):
        non_max_suppression_padded(boxes[0, 0], scores[0], 4)
