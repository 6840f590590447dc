"""Paddle's box coder against the real one: both ways, every form of its variances."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cases import Array

from opsbridge.paddle.vision import ops

paddle = pytest.importorskip(
    "paddle", reason="compares with the real Paddle, which is not installed"
)
real = paddle.vision.ops.box_coder
DTYPES = ["float32", "float64"]
SHARED = (0.1, 0.1, 0.2, 0.2)


def boxes(rng: np.random.Generator, count: int, dtype: str, round_number: int) -> Array:
    """Ordinary boxes, some of whole numbers, some without area or with reversed corners."""
    corners = rng.uniform(-3, 10, (count, 4))
    if round_number % 3:
        corners = np.round(corners)
    if round_number % 4:
        corners[:, 2:] = np.abs(corners[:, 2:]) + corners[:, :2]
    return corners.astype(dtype)


def variances(rng: np.random.Generator, count: int, dtype: str, round_number: int) -> Any:
    if round_number % 2:
        return list(SHARED) if round_number % 4 == 1 else SHARED
    return rng.choice([0.1, 0.2, 1.0, -0.5], (count, 4)).astype(dtype)


def same(prior: Array, variance: Any, target: Array, *settings: Any) -> None:
    tensors = [paddle.to_tensor(each) for each in (prior, target)]
    given = paddle.to_tensor(variance) if isinstance(variance, np.ndarray) else variance
    wanted = real(tensors[0], given, tensors[1], *settings).numpy()
    got = ops.box_coder(prior, variance, target, *settings)
    assert got.dtype == wanted.dtype
    np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-6, err_msg=str(settings))


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_same_offsets_of_every_pair(dtype: str) -> None:
    rng = np.random.default_rng(1)
    for i in range(60):
        count = int(rng.integers(0, 9))
        prior, target = boxes(rng, count, dtype, i), boxes(rng, int(rng.integers(0, 9)), dtype, i)
        same(prior, variances(rng, count, dtype, i), target, "encode_center_size", i % 5 < 3, i % 2)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_same_boxes_along_both_axes(dtype: str) -> None:
    rng = np.random.default_rng(2)
    for i in range(60):
        count, others, axis = int(rng.integers(0, 9)), int(rng.integers(0, 9)), i % 2
        shape = (count, others, 4) if axis else (others, count, 4)
        offsets = rng.normal(0, 1 + 30 * (i % 7 == 0), shape).astype(dtype)
        prior = boxes(rng, count, dtype, i)
        # With float64 the real one reads four shared variances as other numbers.
        variance = variances(rng, count, dtype, i // 2 if dtype == "float32" else 0)
        same(prior, variance, offsets, "decode_center_size", i % 5 < 3, axis)
