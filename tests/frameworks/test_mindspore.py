"""MindSpore computes while Python goes on; results are right and outlive their inputs."""

from __future__ import annotations

import gc

import numpy as np
import pytest

from opsbridge.mindspore.ops import NMSWithMask
from opsbridge.torchvision.ops import nms, roi_align

mindspore = pytest.importorskip("mindspore", reason="tests the layer of MindSpore tensors")

ROIS = np.array([[0, 0, 0, 9, 9], [0, 3, 2, 8, 7]], np.float32)


def test_operations_still_in_progress_are_waited_for() -> None:
    rng = np.random.default_rng(5)
    matrix = rng.standard_normal((700, 700)).astype(np.float32) / 30
    features = mindspore.Tensor(matrix)
    expected = matrix
    for _ in range(4):
        features = mindspore.ops.matmul(features, mindspore.Tensor(matrix))
        expected = expected @ matrix
    rois = mindspore.Tensor(ROIS) * 1.0
    pooled = roi_align(features.reshape(1, 1, 700, 700), rois, 3)
    wanted = roi_align(features.asnumpy().reshape(1, 1, 700, 700), ROIS, 3)
    np.testing.assert_array_equal(pooled.asnumpy(), wanted)
    np.testing.assert_allclose(features.asnumpy(), expected, rtol=1e-2, atol=1e-3)


def test_boxes_just_computed_are_read_after_they_are_there() -> None:
    rng = np.random.default_rng(6)
    for _ in range(20):
        corner = rng.uniform(0, 50, (200, 2)).astype(np.float32)
        sizes = rng.uniform(1, 30, (200, 2)).astype(np.float32)
        scores = rng.random(200).astype(np.float32)
        start = mindspore.Tensor(corner)
        boxes = mindspore.ops.concat([start, start + mindspore.Tensor(sizes)], axis=1)
        keep = nms(boxes, mindspore.Tensor(scores) * 1.0, 0.5)
        wanted = nms(np.concatenate([corner, corner + sizes], axis=1), scores, 0.5)
        assert keep.asnumpy().tolist() == wanted.tolist()


def test_results_can_be_computed_with_at_once() -> None:
    boxes = mindspore.Tensor(np.array([[0, 0, 4, 4, 0.8], [0, 0, 3, 3, 0.7]], np.float32))
    sorted_boxes, positions, selected = NMSWithMask(0.4)(boxes)
    assert (sorted_boxes * 2).asnumpy()[0].tolist() == pytest.approx([0, 0, 8, 8, 1.6])
    assert (positions + 1).asnumpy().tolist() == [1, 2]
    assert mindspore.ops.logical_not(selected).asnumpy().tolist() == [False, True]


def test_results_outlive_their_inputs() -> None:
    results = []
    for shift in range(8):
        features = mindspore.Tensor(np.full((1, 1, 16, 16), shift, np.float32))
        results.append(roi_align(features, mindspore.Tensor(ROIS), 2))
        del features
        gc.collect()
    for shift, result in enumerate(results):
        np.testing.assert_array_equal(result.asnumpy(), np.full((2, 1, 2, 2), shift, np.float32))


def test_a_view_outlives_the_tensor_it_was_cut_from() -> None:
    whole = mindspore.Tensor(np.repeat(np.arange(40, dtype=np.float32), 4).reshape(40, 4))
    scores = mindspore.Tensor(np.linspace(1, 0, 20, dtype=np.float32))
    part = whole[20:]
    del whole
    gc.collect()
    assert nms(part, scores, 0.5).asnumpy().tolist() == list(range(20))


def test_parameters_are_tensors() -> None:
    boxes = mindspore.Parameter(np.array([[0, 0, 4, 4], [0, 0, 4, 3]], np.float32))
    scores = mindspore.Tensor(np.array([0.5, 0.9], np.float32))
    assert nms(boxes, scores, 0.5).asnumpy().tolist() == [1]
