"""Suppression through both API shapes on every framework's tensors: equal to the real one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cases import (
    BOXES,
    DTYPES,
    SCORES,
    SIZES,
    THRESHOLDS,
    UNUSUAL_THRESHOLDS,
    assert_same_bits,
    generator,
)
from framework_tensors import FRAMEWORKS, to_tensor
from memory_layouts import MEMORY, array_of
from real_frameworks import mindspore_nms, torchvision_nms

from opsbridge.mindspore.ops import NMSWithMask
from opsbridge.torchvision.ops import nms

MINDSPORE_SCORES = ("distinct", "tied", "equal")


def check_indices(kind: str, boxes: Any, scores: Any, threshold: float) -> None:
    """The torchvision-shaped call gives the indices of the real one and leaves its inputs alone."""
    given = to_tensor(kind, boxes), to_tensor(kind, scores)
    keep = array_of(kind, nms(*given, threshold))
    assert keep.dtype == np.int64
    np.testing.assert_array_equal(keep, torchvision_nms(boxes, scores, threshold))
    assert_same_bits(array_of(kind, given[0]), boxes)
    assert_same_bits(array_of(kind, given[1]), scores)


def check_masks(kind: str, bboxes: Any, threshold: float) -> None:
    """The MindSpore-shaped call gives the three results of the real one."""
    given = to_tensor(kind, bboxes)
    results = NMSWithMask(threshold)(given)
    ours = tuple(array_of(kind, result) for result in results)
    for result, real in zip(ours, mindspore_nms(bboxes, threshold), strict=True):
        assert_same_bits(result, real) if real.dtype == np.float32 else assert_equal(result, real)
    assert_same_bits(array_of(kind, given), bboxes)


def assert_equal(actual: Any, expected: Any) -> None:
    """Equal values of an equal dtype and shape."""
    assert actual.dtype == expected.dtype
    assert actual.shape == expected.shape
    np.testing.assert_array_equal(actual, expected)


def rows(boxes: Any, scores: Any) -> Any:
    """Boxes and scores as (N, 5)."""
    return np.concatenate([boxes, scores[:, None]], axis=1)


@pytest.mark.parametrize("kind", FRAMEWORKS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("scored", SCORES)
@pytest.mark.parametrize("family", BOXES)
def test_torchvision_shape(family: str, scored: str, dtype: Any, kind: str) -> None:
    rng = generator("nms front-end", family, scored)
    for count in SIZES:
        boxes, scores = BOXES[family](rng, count, dtype), SCORES[scored](rng, count, dtype)
        for threshold in rng.choice(THRESHOLDS, 2, replace=False):
            check_indices(kind, boxes, scores, float(threshold))


@pytest.mark.parametrize("kind", FRAMEWORKS)
@pytest.mark.parametrize("scored", MINDSPORE_SCORES)
@pytest.mark.parametrize("family", BOXES)
def test_mindspore_shape(family: str, scored: str, kind: str) -> None:
    rng = generator("mask front-end", family, scored)
    for count in SIZES:
        boxes = BOXES[family](rng, count, np.float32)
        scores = SCORES[scored](rng, count, np.float32)
        for threshold in rng.choice(THRESHOLDS, 2, replace=False):
            check_masks(kind, rows(boxes, scores), float(threshold))


@pytest.mark.parametrize("kind", FRAMEWORKS)
@pytest.mark.parametrize("threshold", [*THRESHOLDS, *UNUSUAL_THRESHOLDS])
@pytest.mark.parametrize("family", ["exact_overlap", "dyadic", "degenerate"])
def test_every_threshold(family: str, threshold: float, kind: str) -> None:
    rng = generator("threshold front-end", family)
    for dtype in DTYPES:
        boxes, scores = BOXES[family](rng, 65, dtype), SCORES["distinct"](rng, 65, dtype)
        check_indices(kind, boxes, scores, threshold)
    check_masks(kind, rows(boxes, scores).astype(np.float32), threshold)


@pytest.mark.parametrize("memory", MEMORY)
@pytest.mark.parametrize("count", [0, 1, 5, 64])
def test_any_memory(count: int, memory: str) -> None:
    kind, lay_out = MEMORY[memory]
    rng = generator("memory", memory, count)
    for dtype in DTYPES:
        boxes = BOXES["clustered"](rng, count, dtype)
        scores = SCORES["tied"](rng, count, dtype)
        keep = array_of(kind, nms(lay_out(boxes), lay_out(scores), 0.5))
        np.testing.assert_array_equal(keep, torchvision_nms(boxes, scores, 0.5))
    bboxes = rows(boxes, scores).astype(np.float32)
    results = NMSWithMask(0.5)(lay_out(bboxes))
    for result, real in zip(results, mindspore_nms(bboxes, 0.5), strict=True):
        assert_equal(array_of(kind, result), real)


@pytest.mark.parametrize("count", [1, 16, 17, 40])
def test_one_box_expanded_without_memory(count: int) -> None:
    torch = pytest.importorskip("torch", reason="expands a torch tensor; torch is not installed")
    box, score = torch.tensor([[1.0, 2.0, 5.0, 7.0]]), torch.tensor([0.5])
    keep = nms(box.expand(count, 4), score.expand(count), 0.5)
    assert keep.tolist() == [0]
    broadcast = np.broadcast_to(box.numpy(), (count, 4)), np.broadcast_to(np.float32(0.5), count)
    assert nms(*broadcast, 0.5).tolist() == [0]
    scored = torch.cat([box, score[:, None]], dim=1)
    _, _, selected = NMSWithMask(0.5)(scored.expand(count, 5))
    assert selected.tolist() == [True] + [False] * (count - 1)


@pytest.mark.parametrize("kind", FRAMEWORKS)
def test_infinite_scores_where_the_real_network_has_no_padding(kind: str) -> None:
    rng = generator("infinite front-end")
    for count in (1, 2, 4, 16, 128):
        boxes = BOXES["clustered"](rng, count, np.float32)
        scores = SCORES["infinite"](rng, count, np.float32)
        check_masks(kind, rows(boxes, scores), 0.5)
