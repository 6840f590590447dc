"""Paddle's operators against the real ones: random, dyadic, tied."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from opsbridge.paddle.vision import ops

paddle = pytest.importorskip(
    "paddle", reason="compares with the real Paddle, which is not installed"
)
real = paddle.vision.ops
DTYPES = ["float32", "float64"]


def tensors(*arrays: Any) -> list[Any]:
    return [paddle.to_tensor(array) for array in arrays]


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_same_boxes_are_kept(dtype: str) -> None:
    rng = np.random.default_rng(1)
    for round_number in range(60):
        count = int(rng.integers(1, 40))
        boxes = rng.uniform(0, 10, (count, 4))
        if round_number % 2:
            boxes = rng.integers(0, 9, (count, 4)) / 2
        boxes = boxes.astype(dtype)
        boxes[:, 2:] += boxes[:, :2] * (round_number % 5 != 0)
        scores = (rng.integers(0, 9, count) / 8).astype(dtype)
        limit = float(rng.choice([0, 0.1, 0.3, 0.5, 0.7, 1 / 3]))
        b, s = tensors(boxes, scores)
        assert ops.nms(boxes, limit).tolist() == real.nms(b, limit).tolist()
        assert ops.nms(boxes, limit, scores).tolist() == real.nms(b, limit, s).tolist()


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_same_boxes_of_categories_are_kept(dtype: str) -> None:
    rng = np.random.default_rng(2)
    for _ in range(40):
        count = int(rng.integers(4, 40))
        boxes = rng.uniform(0, 10, (count, 4)).astype(dtype)
        boxes[:, 2:] += boxes[:, :2]
        scores, ids = rng.permutation(count).astype(dtype), rng.integers(0, 4, count)
        ids[:4] = np.arange(4)
        b, s, c = tensors(boxes, scores, ids)
        for categories, top_k in (([0, 1, 2, 3], None), ([0, 2], None), ([0, 1, 2], 3)):
            wanted = real.nms(b, 0.3, s, c, categories, top_k).tolist()
            assert ops.nms(boxes, 0.3, scores, ids, categories, top_k).tolist() == wanted


@pytest.mark.parametrize("aligned", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_same_values_are_pooled(dtype: str, aligned: bool) -> None:
    rng = np.random.default_rng(3)
    for scale, ratio in ((1.0, -1), (0.25, 0), (0.3, 2), (1.0, 1)):
        features = rng.normal(size=(2, 3, 7, 9)).astype(dtype)
        boxes = (rng.uniform(0, 6, (20, 4)) / scale).astype(dtype)
        boxes[:, 2:] += boxes[:, :2]
        counts = np.array([8, 12], np.int32)
        given = tensors(features, boxes, counts)
        wanted = real.roi_align(*given, (3, 2), scale, ratio, aligned).numpy()
        got = ops.roi_align(features, boxes, counts, (3, 2), scale, ratio, aligned)
        np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-5)
        wanted = real.roi_pool(*given, (3, 2), scale).numpy()
        np.testing.assert_array_equal(ops.roi_pool(features, boxes, counts, (3, 2), scale), wanted)
        pool = ops.RoIPool((3, 2), scale)
        np.testing.assert_array_equal(pool(features, boxes, counts), wanted)


@pytest.mark.parametrize("dtype", DTYPES)
def test_samples_on_the_border_are_where_they_are(dtype: str) -> None:
    rng = np.random.default_rng(4)
    for i in range(400):
        features = rng.normal(size=(2, 2, 7, 9)).astype(dtype)
        boxes = rng.integers(0, 9, (6, 4)).astype(dtype)
        boxes[:, 2:] += boxes[:, :2]
        counts = np.array([2, 4], np.int32)
        call = ((i % 3 + 1, i % 4 + 1), float(rng.choice([1.0, 0.5, 0.3])), i % 5 - 1, i % 2 == 0)
        wanted = real.roi_align(*tensors(features, boxes, counts), *call).numpy()
        got = ops.roi_align(features, boxes, counts, *call)
        np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_same_averages_of_own_channels(dtype: str) -> None:
    rng = np.random.default_rng(5)
    for i in range(200):
        size = (i % 3 + 1, i % 4 + 1)
        features = rng.normal(size=(2, 2 * size[0] * size[1], 7, 9)).astype(dtype)
        boxes = rng.integers(-8, 40, (6, 4)) / rng.choice([1, 2, 3.5])
        boxes[:4, 2:] += boxes[:4, :2]
        counts, scale = np.array([2, 4], np.int32), float(rng.choice([1.0, 0.5, 0.3]))
        given = tensors(features, boxes.astype(dtype), counts)
        wanted = real.psroi_pool(*given, size, scale).numpy()
        got = ops.psroi_pool(features, boxes.astype(dtype), counts, size, scale)
        np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-5)
        pooled = ops.PSRoIPool(size, scale)(features, boxes.astype(dtype), counts)
        np.testing.assert_array_equal(pooled, got)
