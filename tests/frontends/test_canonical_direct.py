"""Calls of canonical functions that go straight to native code give what the operators give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from opsbridge import canonical_direct, ops
from opsbridge.canonical import canonical
from opsbridge.core import OPERATORS
from opsbridge.errors import ArgumentError, OpsbridgeError

PADDED = ("padded_keep", "kept_count")


def boxes_of(count: int, dtype: str) -> tuple[Any, Any, Any]:
    random = np.random.default_rng(count)
    corners = random.uniform(0, 50, (count, 2))
    boxes = np.concatenate((corners, corners + random.uniform(1, 20, (count, 2))), axis=1)
    scores = random.choice(np.linspace(0, 1, 9), count)
    return boxes.astype(dtype), scores.astype(dtype), random.integers(0, 3, count)


def as_framework(name: str, arrays: tuple[Any, ...]) -> tuple[Any, ...]:
    if name == "numpy":
        return arrays
    torch = pytest.importorskip("torch")
    return tuple(map(torch.from_numpy, arrays))


def same(first: Any, second: Any) -> bool:
    if isinstance(first, tuple):
        pairs = zip(first, second, strict=True)
        return isinstance(second, tuple) and all(same(*pair) for pair in pairs)
    return (
        type(first) is type(second)
        and first.dtype == second.dtype
        and first.shape == second.shape
        and bool((np.asarray(first) == np.asarray(second)).all())
    )


@pytest.mark.parametrize("framework", ["numpy", "torch"])
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
def test_every_way_of_calling(framework: str, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = []
    one = canonical_direct.Roads.__call__
    monkeypatch.setattr(
        canonical_direct.Roads,
        "__call__",
        lambda *given: taken.append(one(*given)) or taken[-1],
    )
    nms = canonical(OPERATORS["nms"], __name__)
    padded = canonical(OPERATORS["nms"], __name__, name="padded_nms", fixed=PADDED)
    boxes, scores, groups = as_framework(framework, boxes_of(40, dtype))
    for keywords in (
        {},
        {"groups": groups},
        {"max_outputs": 5, "groups": groups},
        {"score_threshold": 0.3, "pre_top_k": 20},
        {"comparison": "greater_equal", "kept_order": "index"},
        {"accumulate": "float64"},
    ):
        for function in (nms, padded):
            first = function(boxes, scores, 0.3, **keywords)
            taken.clear()
            again = function(boxes, scores, 0.3, **keywords)
            assert taken[0] is again
            assert same(first, again)
    for outputs in ("kept_boxes", ("keep_mask", "keep")):
        first = nms(boxes, scores, 0.3, outputs=outputs)
        taken.clear()
        assert same(first, nms(boxes, scores, 0.3, outputs=outputs))
        assert taken[0] is not None


def test_what_needs_a_check_is_left_to_the_operator() -> None:
    boxes, scores, groups = boxes_of(12, "float32")
    memory = np.empty(12, np.int64)
    for _ in range(2):
        assert ops.nms(boxes, scores, 0.3, out=memory).base is memory
        assert len(ops.nms(boxes.astype(np.int32), scores.astype(np.int32), 0.3)) > 0
        assert same(
            ops.nms(boxes, scores, 0.3, groups=groups.astype(np.int16)),
            ops.nms(boxes, scores, 0.3, groups=groups),
        )
        assert len(ops.nms(boxes[:0], scores[:0], 0.3)) == 0
        with pytest.raises(ArgumentError, match=r"max_outputs is -1; it must be at least 0"):
            ops.padded_nms(boxes, scores, 0.3, max_outputs=-1)
        with pytest.raises(ArgumentError, match="iou_threshold is nan"):
            ops.nms(boxes, scores, float("nan"))
        for wrong in ((boxes, scores[:5], 0.3), (boxes, scores.astype(np.float64), 0.3), ()):
            with pytest.raises(OpsbridgeError):
                ops.nms(*wrong)


def test_gradients_are_recorded() -> None:
    torch = pytest.importorskip("torch")
    boxes, scores, _ = as_framework("torch", boxes_of(12, "float64"))
    leaf = boxes.clone().requires_grad_()
    for given in (boxes, leaf, boxes, leaf):
        kept = ops.nms(given, scores, 0.3, outputs="kept_boxes")
        assert kept.requires_grad == given.requires_grad
    kept.sum().backward()
    assert torch.isfinite(leaf.grad).all()
