"""MindSpore's further suppression operators: many random inputs beside the real ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from real_frameworks import MINDSPORE_MISSING

pytest.importorskip("torch", reason="the surface computes with PyTorch")

from opsbridge import mindspore as surface
from opsbridge.errors import ArgumentError

CASES = 60


def rng_of(kind: str) -> np.random.Generator:
    return np.random.default_rng(list(kind.encode()))


def boxes_of(rng: np.random.Generator, kind: str, *shape: int) -> Any:
    """Boxes of normalised corners; on a grid of four lines, or with corners in any order."""
    corners = rng.uniform(-0.2, 1.2, (*shape, 2, 2))
    if kind == "grid":
        corners = rng.integers(0, 4, (*shape, 2, 2)) / 3
    if kind != "inverted":
        corners = np.sort(corners, axis=-2)
    return corners.reshape(*shape, 4).astype(np.float32)


def scores_of(rng: np.random.Generator, kind: str, *shape: int) -> Any:
    scores = rng.permutation(np.prod(shape)).reshape(shape) / np.prod(shape)
    return (np.round(scores * 4) / 4 if kind == "ties" else scores).astype(np.float32)


@pytest.mark.parametrize("kind", ["plain", "ties", "grid", "inverted"])
def test_combined(kind: str) -> None:
    ms = pytest.importorskip("mindspore", reason=MINDSPORE_MISSING)
    rng = rng_of(kind)
    counts = []
    for _ in range(CASES):
        images, boxes, classes = (int(rng.integers(1, most)) for most in (3, 20, 4))
        places = int(rng.choice([1, classes]))
        given = (boxes_of(rng, kind, images, boxes, places),
                 scores_of(rng, kind, images, boxes, classes))  # fmt: skip
        sizes = [int(rng.integers(1, most)) for most in (6, 12)]
        limits = [float(rng.choice([0, 0.25, 0.5, 1, rng.random()])) for _ in range(2)]
        settings = bool(rng.integers(2)), bool(rng.integers(2))
        ours, real = (
            each.ops.CombinedNonMaxSuppression(*settings)(
                *map(each.Tensor, given),
                *(each.Tensor(size, each.int32) for size in sizes),
                *(each.Tensor(limit, each.float32) for limit in limits),
            )
            for each in (surface, ms)
        )
        for one, other in zip(ours, real, strict=True):
            assert one.asnumpy().dtype == other.asnumpy().dtype
            np.testing.assert_array_equal(one.asnumpy(), other.asnumpy())
        counts.append(int(real[3].asnumpy().sum()))
    assert len(set(counts)) > 5


@pytest.mark.parametrize("kind", ["plain", "steps"])
def test_with_overlaps(kind: str) -> None:
    ms = pytest.importorskip("mindspore", reason=MINDSPORE_MISSING)
    rng = rng_of(kind)
    kept = []
    for _ in range(CASES):
        count = int(rng.integers(1, 15))
        overlaps = rng.random((count, count))
        if kind == "steps":  # many equal the threshold
            overlaps = np.round(overlaps * 4) / 4
        given = overlaps.astype(np.float32), scores_of(rng, kind, count)
        limits = [float(rng.choice([0.25, 0.5, rng.random()])) for _ in range(2)]
        ours, real = (
            each.ops.NonMaxSuppressionWithOverlaps()(
                *map(each.Tensor, given), each.Tensor(6, each.int32),
                *(each.Tensor(limit, each.float32) for limit in limits),
            ).asnumpy()
            for each in (surface, ms)
        )  # fmt: skip
        assert (ours.dtype, ours.tolist()) == (real.dtype, real.tolist())
        kept.append(len(real))
    assert len(set(kept)) > 3


def test_equal_scores_with_overlaps_keep_their_order() -> None:
    """In MindSpore 2.10 their order is that of a heap."""
    overlaps = surface.Tensor(np.zeros((11, 11), np.float32))
    kept = surface.ops.NonMaxSuppressionWithOverlaps()(
        overlaps, surface.Tensor(np.float32([3, 4, 2, 3, 1, 2, 2, 1, 0, 3, 3])), 4, 1.0, 0.5
    )
    assert kept.asnumpy().tolist() == [1, 0, 3, 9]


def test_places_are_the_kept_ones() -> None:
    """MindSpore 2.10 has no kernel of NonMaxSuppressionV3 on CPU: it is TensorFlow's rule."""
    boxes = np.float32([[0, 0, 4, 4], [4, 4, 0, 0], [0, 0, 2, 4], [5, 5, 6, 6], [8, 8, 9, 9]])
    scores = np.float32([0.6, 0.9, 0.8, 0.7, 0.1])
    given = map(surface.Tensor, (boxes, scores))
    kept = surface.ops.NonMaxSuppressionV3()(*given, surface.Tensor(3, surface.int32), 0.5, 0.1)
    assert (kept.dtype, kept.asnumpy().tolist()) == (surface.int32, [1, 2, 3])


def test_overlaps_of_another_number_of_boxes_are_refused() -> None:
    ones = surface.Tensor(np.ones(3, np.float32))
    with pytest.raises(ArgumentError, match=r"overlaps has shape \(2, 3\); expected \(3, 3\)"):
        surface.ops.NonMaxSuppressionWithOverlaps()(
            surface.Tensor(np.ones((2, 3), np.float32)), ones, 3, 0.5, 0.0
        )


@pytest.mark.parametrize(
    ("changed", "message"),
    [({"modulated": False}, "modulated is False"), ({"data_format": "NHWC"}, "data_format is")],
)
def test_forms_of_deformable_offsets_that_are_refused(changed: Any, message: str) -> None:
    image = surface.Tensor(np.ones((1, 3, 2, 2), np.float32))
    settings = ((1, 1, 1, 1), (0, 0, 0, 0), (1, 1))
    with pytest.raises(ArgumentError, match=f"DeformableOffsets: {message}"):
        surface.ops.DeformableOffsets(*settings, **changed)(image, image)
