"""detectron2's operators against the real ones: random, tied, empty."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from opsbridge.detectron2.layers import ROIAlign, batched_nms, nms
from opsbridge.detectron2.structures import pairwise_iou

torch = pytest.importorskip("torch")
layers = pytest.importorskip(
    "detectron2.layers", reason="compares with the real detectron2, which is not installed"
)
structures = pytest.importorskip("detectron2.structures")
DTYPES = ["float32", "float64"]


def tensors(*arrays: Any) -> list[Any]:
    return [torch.from_numpy(array) for array in arrays]


def some_boxes(rng: np.random.Generator, count: int, dtype: str) -> Any:
    """Boxes on whole halves or anywhere, some of them inverted."""
    boxes = rng.integers(0, 9, (count, 4)) / 2 if rng.integers(2) else rng.uniform(0, 9, (count, 4))
    boxes[:, 2:] += boxes[:, :2] * (rng.integers(4) > 0)
    return boxes.astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_same_boxes_are_kept(dtype: str) -> None:
    rng = np.random.default_rng(1)
    for _ in range(200):
        count = int(rng.integers(0, 60))
        boxes = some_boxes(rng, count, dtype)
        scores = (rng.integers(0, 9, count) / 8).astype(dtype)
        limit = float(rng.choice([0, 0.1, 0.3, 0.5, 0.7, 1 / 3, 1]))
        assert (
            nms(boxes, scores, limit).tolist()
            == layers.nms(*tensors(boxes, scores), limit).tolist()
        )
        given = boxes, scores.astype(np.float32), rng.integers(0, 4, count)
        assert (
            batched_nms(*given, limit).tolist()
            == layers.batched_nms(*tensors(*given), limit).tolist()
        )


@pytest.mark.parametrize("count", [1001, 40001])
def test_the_same_of_many_boxes_are_kept(count: int) -> None:
    """The real one takes other ways from 1,001 and from 40,000 boxes on."""
    rng = np.random.default_rng(count)
    boxes = rng.uniform(0, 100, (count, 4)).astype(np.float32)
    boxes[:, 2:] += boxes[:, :2]
    given = boxes, rng.permutation(count).astype(np.float32), rng.integers(0, 300, count)
    assert batched_nms(*given, 0.5).tolist() == layers.batched_nms(*tensors(*given), 0.5).tolist()


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_same_overlaps(dtype: str) -> None:
    """Boxes hold float32, whatever they are made of."""
    rng = np.random.default_rng(2)
    for _ in range(100):
        first, second = (some_boxes(rng, int(rng.integers(0, 20)), dtype) for _ in range(2))
        for boxes in (first, second):
            boxes[:, 2:] = (
                np.maximum(boxes[:, :2], boxes[:, 2:]) + 0.25
            )  # without area: a deviation
        real = structures.pairwise_iou(*map(structures.Boxes, tensors(first, second))).numpy()
        for given in ((first, second), tuple(map(structures.Boxes, tensors(first, second)))):
            overlaps = np.asarray(pairwise_iou(*given))
            assert overlaps.dtype == real.dtype == np.float32
            np.testing.assert_array_equal(overlaps, real)


@pytest.mark.parametrize("aligned", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_same_values_are_pooled(dtype: str, aligned: bool) -> None:
    rng = np.random.default_rng(3)
    for scale, ratio in ((1.0, -1), (0.25, 0), (0.3, 2), (1.0, 1)):
        features = rng.normal(size=(2, 3, 7, 9)).astype(dtype)
        rois = rng.uniform(-2, 9, (20, 5)) / scale
        rois[:, 0], rois[:, 3:] = rng.integers(0, 2, 20), rois[:, 1:3] + abs(rois[:, 3:])
        for size in ((3, 2), 2):
            call = size, scale, ratio, aligned
            given = features, rois.astype(np.float32)
            real = layers.ROIAlign(*call)(*tensors(*given)).numpy()
            np.testing.assert_allclose(ROIAlign(*call)(*given), real, rtol=1e-5, atol=1e-5)
