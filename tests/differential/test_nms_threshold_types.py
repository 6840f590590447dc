"""The type in which an overlap meets the threshold, where a rounding decides about a box.

Seven tenths are less in float32 than in float64, three tenths are more: an overlap of exactly that
much is above one of the two thresholds and not above the other.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from opsbridge import ops, reference

CASES = [
    # dtype of the boxes, tenths of overlap, kept with a float64 threshold, with a float32 one
    (np.float64, 7, [0, 1], [0]),
    (np.float64, 3, [0, 1], [0, 1]),
    (np.float32, 7, [0, 1], [0, 1]),
    (np.float32, 3, [0], [0, 1]),
]


@pytest.mark.parametrize(("dtype", "tenths", "wide", "narrow"), CASES)
@pytest.mark.parametrize("copies", [1, 300])
def test_the_threshold_is_rounded_only_where_that_is_the_rule(
    dtype: Any, tenths: int, wide: list[int], narrow: list[int], copies: int
) -> None:
    pair = np.array([[0, 0, 10, 1], [0, 0, tenths, 1]], dtype)
    apart = np.array([[0, 2, 0, 2]], dtype) * np.arange(copies, dtype=dtype)[:, None]
    boxes = (pair[:, None] + apart).reshape(-1, 4)  # all the larger ones, then all the smaller
    scores = np.arange(len(boxes), 0, -1, dtype=dtype)
    for threshold_type, kept in (("float64", wide), ("float32", narrow)):
        expected = [first * copies + copy for first in kept for copy in range(copies)]
        rule = {"threshold_type": threshold_type}
        assert ops.nms(boxes, scores, tenths / 10, **rule).tolist() == expected
        if copies == 1:
            assert list(reference.nms(boxes, scores, tenths / 10, **rule).keep) == expected
