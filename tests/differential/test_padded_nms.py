"""`opsbridge.ops.padded_nms`: what `nms` keeps, in results whose size depends on no values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cases import BOXES, SCORES, generator
from framework_tensors import FRAMEWORKS, framework, framework_of, to_array, to_tensor

from opsbridge import ops

COUNT = 40


def inputs(family: str, count: int = COUNT) -> tuple[Any, Any, Any]:
    rng = generator("padded", family, count)
    boxes = BOXES[family](rng, count, np.float32)
    return boxes, SCORES["tied"](rng, count, np.float32), rng.integers(0, 3, count)


@pytest.mark.parametrize("kind", FRAMEWORKS)
@pytest.mark.parametrize("most", [None, 0, 3, 100])
def test_the_kept_ones_come_first_and_the_rest_is_minus_one(most: int | None, kind: str) -> None:
    for family, count in (("clustered", COUNT), ("random", COUNT), ("identical", 1), ("random", 0)):
        boxes, scores, groups = (to_tensor(kind, each) for each in inputs(family, count))
        for more in ({}, {"groups": groups}, {"score_threshold": 0.5}):
            kept = to_array(ops.nms(boxes, scores, 0.4, max_outputs=most, **more))
            keep, kept_count = ops.padded_nms(boxes, scores, 0.4, max_outputs=most, **more)
            assert framework_of(keep) == framework_of(kept_count) == kind
            keep, kept_count = to_array(keep), to_array(kept_count)
            assert keep.dtype == kept_count.dtype == np.int64
            assert keep.shape == (count if most is None else most,)
            assert kept_count.shape == ()
            assert int(kept_count) == len(kept)
            assert keep.tolist() == kept.tolist() + [-1] * (len(keep) - len(kept))


def test_conventions_and_memory_are_those_of_nms() -> None:
    boxes, scores, _ = inputs("clustered")
    out = np.empty(COUNT, np.int64), np.empty((), np.int64)
    keep, kept_count = ops.padded_nms(boxes, scores, 0.4, kept_order="index", out=out)
    assert keep is out[0]
    assert kept_count is out[1]
    kept = ops.nms(boxes, scores, 0.4, kept_order="index")
    assert keep[: int(kept_count)].tolist() == kept.tolist() == sorted(kept.tolist())
    with pytest.raises(TypeError, match=r"^padded_nms: got an unexpected keyword argument 'out"):
        ops.padded_nms(boxes, scores, 0.4, outputs="keep")
    with pytest.raises(ValueError, match=r"^padded_nms: max_outputs is -1; it must be at least 0"):
        ops.padded_nms(boxes, scores, 0.4, max_outputs=-1)
    with pytest.raises(ValueError, match=r"^padded_nms: max_outputs asks for a result of shape"):
        ops.padded_nms(boxes, scores, 0.4, max_outputs=2**48)
    with pytest.raises(ValueError, match=r"^padded_nms: iou_threshold is nan"):
        ops.padded_nms(boxes, scores, float("nan"))


def test_a_graph_knows_the_sizes_and_a_batch_is_mapped() -> None:
    torch = framework("torch")
    given = [tuple(map(torch.from_numpy, inputs(each)[:2])) for each in ("clustered", "random")]

    def padded(boxes: Any, scores: Any) -> Any:
        return ops.padded_nms(boxes, scores, 0.4, max_outputs=7)

    compiled = torch.compile(padded, backend="eager", fullgraph=True)
    for pair in given:
        assert all(map(torch.equal, compiled(*pair), padded(*pair)))
    boxes, scores = (torch.stack(each) for each in zip(*given, strict=True))
    keep, count = torch.vmap(padded)(boxes, scores)
    for place, pair in enumerate(given):
        assert torch.equal(keep[place], padded(*pair)[0])
        assert torch.equal(count[place], padded(*pair)[1])
