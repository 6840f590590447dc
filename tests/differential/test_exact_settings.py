"""Settings reach the kernels as they are given, to the last place; sides are those of the dtype."""

from __future__ import annotations

import math

import numpy as np
import pytest
from real_frameworks import torch_tensor, torchvision_ops

from opsbridge.mmcv.ops import soft_nms
from opsbridge.torchvision.ops import remove_small_boxes

TWICE = np.array([[0, 0, 4, 4], [0, 0, 4, 4]], np.float32)
SCORES = np.array([0.75, 0.5], np.float32)


def test_the_next_sigma_would_give_another_score() -> None:
    """Where the exponent is -16, the next float32 of sigma moves the score by eight places."""
    scored, _ = soft_nms(TWICE, SCORES, 0.25, sigma=0.0625, min_score=0.0, method="gaussian")
    np.testing.assert_allclose(scored[1, 4], 0.5 * math.exp(-16), rtol=3e-7)


@pytest.mark.parametrize(("more", "count"), [(0.0, 2), (2**-26, 2), (2**-24, 1)])
def test_the_next_float32_as_minimum_drops_the_score(more: float, count: int) -> None:
    apart = TWICE + np.array([[0], [8]], np.float32)
    _, keep = soft_nms(apart, SCORES, 0.25, min_score=0.5 + more)
    assert len(keep) == count


def test_a_side_is_rounded_before_it_is_compared() -> None:
    """Some float32 sides are a little below the minimum that they round to."""
    start = -np.linspace(0.05, 0.65, 97, dtype=np.float32)
    side = np.float32(0.7)
    boxes = np.stack([start, start, start + side, start + np.float32(4)], axis=1)
    expected = torchvision_ops().remove_small_boxes(torch_tensor(boxes), float(side)).numpy()
    exact = boxes[:, 2].astype(float) - boxes[:, 0]
    assert 0 < np.count_nonzero(exact >= side) < len(expected)
    np.testing.assert_array_equal(remove_small_boxes(boxes, float(side)), expected)
