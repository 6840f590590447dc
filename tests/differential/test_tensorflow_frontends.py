"""TensorFlow's operators against the real ones: random, dyadic, degenerate, tied."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from opsbridge.tensorflow import image

tensorflow = pytest.importorskip(
    "tensorflow", reason="compares with the real TensorFlow, which is not installed"
)
real = tensorflow.image
INFINITY = float("inf")


def suppression_inputs(rng: np.random.Generator, round_number: int, dtype: str) -> Any:
    count = int(rng.integers(1, 40))
    boxes = rng.uniform(0, 10, (count, 4))
    if round_number % 2:
        boxes = rng.integers(-8, 9, (count, 4)) / 2
    scores = (rng.integers(0, 9, count) / 8).astype(dtype)
    limit = float(rng.choice([0, 0.1, 0.3, 0.5, 0.7, 1, 1 / 3]))
    score = float(rng.choice([-INFINITY, 0, 0.1, 0.5]))
    return boxes.astype(dtype), scores, int(rng.choice([0, 1, 3, 100])), limit, score


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_the_same_boxes_are_kept(dtype: str) -> None:
    rng = np.random.default_rng(1)
    for round_number in range(150):
        given = suppression_inputs(rng, round_number, dtype)
        wanted = real.non_max_suppression(*given).numpy()
        np.testing.assert_array_equal(image.non_max_suppression(*given), wanted)


def test_the_same_boxes_are_kept_with_their_scores() -> None:
    rng = np.random.default_rng(2)
    for round_number in range(40):
        given = suppression_inputs(rng, round_number, "float32")
        wanted = real.non_max_suppression_with_scores(*given)
        for ours, theirs in zip(image.non_max_suppression_with_scores(*given), wanted, strict=True):
            np.testing.assert_array_equal(ours, theirs.numpy())


BOXES = {
    "random": lambda rng, n: rng.uniform(0, 10, (n, 4)),
    "halves": lambda rng, n: rng.integers(-8, 9, (n, 4)) / 2,
    "ordered": lambda rng, n: np.cumsum(rng.uniform(0, 9, (n, 2, 2)), axis=1).reshape(n, 4),
    "repeated": lambda rng, n: np.repeat(rng.integers(0, 8, (n, 4)), 3, axis=0)[:n],
    "infinite": lambda rng, n: rng.choice([0, 1, 2, 3, INFINITY, -INFINITY], (n, 4)),
}


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("kind", BOXES)
def test_scores_are_lowered_alike(kind: str, dtype: str) -> None:
    """To the last bit; the real one computes in float32."""
    rng = np.random.default_rng(len(kind + dtype))
    for round_number in range(60):
        count = int(rng.integers(0, 40))
        boxes = BOXES[kind](rng, count).astype(dtype)
        scores = [rng.random(count), rng.integers(0, 9, count) / 8, rng.uniform(-1, 1, count)]
        scores.append(rng.choice([np.nan, INFINITY, -INFINITY, 0.0, -0.5, 0.5], count))
        settings = (
            int(rng.choice([0, 1, 5, 100])),
            float(rng.choice([0, 0.1, 0.5, 1])),
            float(rng.choice([-INFINITY, 0, 0.001, 0.1, 0.125, 0.5])),
            float(rng.choice([0.5, 0.01, 0.1, 2, 0.001, 0.003, 1e-30, 1e30])),
        )
        given = boxes, scores[round_number % 4].astype(dtype), *settings
        wanted = real.non_max_suppression_with_scores(*given)
        for ours, theirs in zip(image.non_max_suppression_with_scores(*given), wanted, strict=True):
            assert ours.dtype == theirs.numpy().dtype
            np.testing.assert_array_equal(ours, theirs.numpy(), err_msg=str(settings))


@pytest.mark.parametrize("pads", [False, True])
def test_the_same_indices_are_padded(pads: bool) -> None:
    """Corners in order and positive, as the batched form wants them."""
    rng = np.random.default_rng(3)
    for most in (1, 3, 20):
        for limit in (0.25, 0.5, 0.7):
            boxes = rng.uniform(1, 9, (30, 4)).astype(np.float32)
            boxes[:, 2:] += boxes[:, :2]
            scores = rng.permutation(30).astype(np.float32)
            tensors = tensorflow.constant(boxes), tensorflow.constant(scores)
            wanted = real.non_max_suppression_padded(*tensors, most, limit, 4.5, pads)
            got = image.non_max_suppression_padded(boxes, scores, most, limit, 4.5, pads)
            for ours, theirs in zip(got, wanted, strict=True):
                np.testing.assert_array_equal(ours, theirs.numpy())


@pytest.mark.parametrize("leading", [(), (1,), (3,), (2, 2)])
def test_the_same_indices_of_batches(leading: tuple[int, ...]) -> None:
    """Equal scores, scores out of order that are called sorted, tiles of few boxes."""
    rng = np.random.default_rng(len(leading))
    for round_number in range(8):
        boxes = rng.integers(1, 9, (*leading, 13, 4)).astype(np.float32) / 2
        boxes[..., 2:] += boxes[..., :2]
        scores = (rng.integers(0, 5, (*leading, 13)) / 4).astype(np.float32)
        given = [3, 20][round_number % 2], 0.5, 0.25, True
        kind = {
            "sorted_input": round_number % 4 > 1,
            "canonicalized_coordinates": round_number > 3,
            "tile_size": 4,
        }
        tensors = tensorflow.constant(boxes), tensorflow.constant(scores)
        wanted = real.non_max_suppression_padded(*tensors, *given, **kind)
        got = image.non_max_suppression_padded(boxes, scores, *given, **kind)
        for ours, theirs in zip(got, wanted, strict=True):
            assert ours.dtype == theirs.numpy().dtype
            np.testing.assert_array_equal(ours, theirs.numpy(), err_msg=str(kind))


def test_the_same_boxes_of_all_classes_are_kept() -> None:
    rng = np.random.default_rng(4)
    for round_number in range(100):
        images, classes, count = (int(rng.integers(1, most)) for most in (4, 4, 20))
        shape = (images, count, classes if round_number % 2 else 1, 4)
        boxes = rng.uniform(-0.2, 1.2, shape)
        if round_number % 3 == 0:
            boxes = rng.integers(-2, 10, shape) / 8
        scores = rng.permutation(images * count * classes).reshape(images, count, classes) / 100
        settings = (
            int(rng.integers(1, 9)),
            int(rng.integers(1, 12)),
            float(rng.choice([0, 0.3, 0.5, 1])),
            float(rng.choice([-INFINITY, 0, 0.1])),
            round_number % 7 == 0,
            round_number % 4 != 0,
        )
        given = boxes.astype(np.float32), scores.astype(np.float32), *settings
        wanted = real.combined_non_max_suppression(*given)
        for ours, theirs in zip(image.combined_non_max_suppression(*given), wanted, strict=True):
            assert ours.dtype == theirs.numpy().dtype
            np.testing.assert_array_equal(ours, theirs.numpy(), err_msg=str(settings))


@pytest.mark.parametrize("method", ["bilinear", "nearest"])
def test_the_same_crops_are_cut(method: str) -> None:
    rng = np.random.default_rng(5)
    for size in ((1, 1), (2, 5), (4, 3)):
        features = rng.normal(size=(2, 7, 9, 3)).astype(np.float32)
        boxes = rng.uniform(-0.3, 1.3, (8, 4)).astype(np.float32)
        given = features, boxes, rng.integers(0, 2, 8).astype(np.int32), size, method, 2.5
        wanted = real.crop_and_resize(*given).numpy()
        np.testing.assert_allclose(image.crop_and_resize(*given), wanted, rtol=1e-5, atol=1e-5)
