"""Class-aware suppression in torchvision's form: equal to the real one on both its strategies."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cases import BOXES, DTYPES, SCORES, generator
from framework_tensors import FRAMEWORKS, to_tensor
from memory_layouts import array_of
from real_frameworks import torch_tensor, torchvision_ops

from opsbridge import reference
from opsbridge.torchvision.ops import batched_nms

# From 1001 boxes on torchvision treats classes one by one.
SIZES = (0, 1, 2, 17, 130, 1000, 1001, 1300)
ID_DTYPES = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64")


def real(boxes: Any, scores: Any, idxs: Any, threshold: float) -> Any:
    """What the installed torchvision keeps."""
    tensors = map(torch_tensor, (boxes, scores, idxs))
    return torchvision_ops().batched_nms(*tensors, threshold).numpy()


def check(kind: str, boxes: Any, scores: Any, idxs: Any, threshold: float = 0.5) -> None:
    """Our indices are those of the real one, in the same order."""
    given = (to_tensor(kind, each) for each in (boxes, scores, idxs))
    keep = array_of(kind, batched_nms(*given, threshold))
    assert keep.dtype == np.int64
    np.testing.assert_array_equal(keep, real(boxes, scores, idxs, threshold))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("scored", SCORES)
@pytest.mark.parametrize("family", BOXES)
def test_every_family_of_boxes_and_scores(family: str, scored: str, dtype: Any) -> None:
    rng = generator("batched", family, scored)
    for count in SIZES:
        boxes, scores = BOXES[family](rng, count, dtype), SCORES[scored](rng, count, dtype)
        for classes in (1, 5, 91):
            check("torch", boxes, scores, rng.integers(0, classes, count))


@pytest.mark.parametrize("kind", FRAMEWORKS)
@pytest.mark.parametrize("ids", ID_DTYPES)
@pytest.mark.parametrize("count", [0, 3, 1000, 1001])
def test_every_dtype_of_classes(count: int, ids: str, kind: str) -> None:
    rng = generator("batched ids", ids, count)
    low = -3 if np.dtype(ids).kind in "if" else 0
    classes = rng.integers(low, 4, count).astype(ids)
    if np.dtype(ids).kind == "f":
        classes = classes / np.array(2, ids)
    boxes = BOXES["clustered"](rng, count, np.float32)
    check(kind, boxes, SCORES["tied"](rng, count, np.float32), classes)


@pytest.mark.parametrize("scale", [1, 90, 1000, 10_000, 100_000, 2**40])
@pytest.mark.parametrize("count", [200, 1001])
def test_large_classes_whose_shift_rounds(count: int, scale: int) -> None:
    rng = generator("batched large", count, scale)
    for dtype in DTYPES:
        boxes = BOXES["clustered"](rng, count, dtype) * dtype(10)
        check("torch", boxes, SCORES["tied"](rng, count, dtype), rng.integers(-2, 3, count) * scale)


@pytest.mark.parametrize("count", [60, 1001])
def test_coordinates_below_minus_one_that_collide(count: int) -> None:
    rng = generator("batched negative", count)
    for low in (50, 100, 1000):
        boxes = BOXES["clustered"](rng, count, np.float32) - np.float32(low)
        check("torch", boxes, SCORES["tied"](rng, count, np.float32), rng.integers(0, 3, count))


@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e30])
def test_infinite_classes(value: float) -> None:
    rng = generator("batched infinite")
    for count in (50, 1001):
        classes = rng.choice(np.array([0, 1, value]), count)
        boxes = BOXES["clustered"](rng, count, np.float32)
        check("torch", boxes, SCORES["distinct"](rng, count, np.float32), classes)


def inputs(count: int) -> tuple[Any, Any, Any]:
    """Many ties, and a largest coordinate of -1, so that classes are shifted by nothing."""
    rng = generator("strategies", count)
    boxes = BOXES["clustered"](rng, count, np.float32)
    boxes -= boxes.max(initial=0) + np.float32(1)
    return boxes, SCORES["tied"](rng, count, np.float32), rng.integers(0, 3, count) * 4000


@pytest.mark.parametrize("count", [0, 40, 1000, 1001])
def test_a_strategy_is_the_one_of_torchvision_at_any_size(count: int) -> None:
    module = pytest.importorskip(
        "torchvision.ops.boxes", reason="compares with the real torchvision, which is not installed"
    )
    tensors = tuple(map(torch_tensor, inputs(count)))
    for strategy, function in (
        ("shift", module._batched_nms_coordinate_trick),
        ("per_class", module._batched_nms_vanilla),
    ):
        keep = batched_nms(*inputs(count), 0.3, strategy=strategy)
        np.testing.assert_array_equal(keep, function(*tensors, 0.3).numpy())


@pytest.mark.parametrize("count", [40, 1000, 1001])
def test_the_exact_strategy_is_one_suppression_per_class_in_stable_order(count: int) -> None:
    boxes, scores, idxs = inputs(count)
    kept = set()
    for each in np.unique(idxs):
        rows = np.flatnonzero(idxs == each)
        kept |= set(rows[reference.nms(boxes[rows], scores[rows], 0.3).keep])
    expected = sorted(kept, key=lambda row: (-scores[row], row))
    assert batched_nms(boxes, scores, idxs, 0.3, strategy="exact").tolist() == expected


def test_the_strategies_part_on_these_inputs() -> None:
    kept = [
        tuple(batched_nms(*inputs(1000), 0.3, strategy=strategy))
        for strategy in ("shift", "per_class", "exact")
    ]
    assert len(set(kept)) == 3
    assert len({frozenset(each) for each in kept}) == 2


def test_an_unknown_strategy_is_refused() -> None:
    with pytest.raises(ValueError, match=r"strategy is 'loop'; allowed: None, 'shift', 'per_class"):
        batched_nms(*inputs(3), 0.3, strategy="loop")
    with pytest.raises(TypeError, match=r"^batched_nms: too many positional arguments"):
        batched_nms(*inputs(3), 0.3, "shift")
