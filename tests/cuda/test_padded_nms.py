"""padded_nms on a GPU: what nms keeps, without waiting, and inside a CUDA graph."""

from __future__ import annotations

from typing import Any

import pytest

from opsbridge import ops
from opsbridge.core.native import cuda_library_path
from opsbridge.cuda import raise_refused
from opsbridge.errors import ArgumentError

torch = pytest.importorskip("torch")

if not torch.cuda.is_available():
    pytest.skip("no CUDA device", allow_module_level=True)
if cuda_library_path() is None:
    pytest.skip("this build has no CUDA kernels", allow_module_level=True)

COUNTS = (1, 700, 6000, 20_000)  # a way of the kernels each


def boxes_of(count: int) -> tuple[Any, Any, Any]:
    generator = torch.Generator("cuda").manual_seed(count)

    def uniform(*shape: int) -> Any:
        return torch.rand(shape, generator=generator, device="cuda")

    corners = uniform(count, 2) * 900
    boxes = torch.cat((corners, corners + uniform(count, 2) * 60 + 4), dim=1)
    return boxes, uniform(count), (uniform(count) * 9).long()


def check(padded: Any, kept: Any) -> None:
    keep, count = padded
    assert int(count) == len(kept)
    assert torch.equal(keep[: len(kept)], kept)
    assert bool((keep[len(kept) :] == -1).all())


@pytest.mark.parametrize("count", COUNTS)
def test_the_kept_ones_come_first(count: int) -> None:
    boxes, scores, groups = boxes_of(count)
    for most in (None, 5, 2 * count):
        given = {"groups": groups, "max_outputs": most}
        check(ops.padded_nms(boxes, scores, 0.5, **given), ops.nms(boxes, scores, 0.5, **given))


@pytest.mark.parametrize("count", COUNTS)
def test_a_graph_follows_new_values(count: int) -> None:
    boxes, scores, groups = boxes_of(count)
    graph, stream = torch.cuda.CUDAGraph(), torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        ops.padded_nms(boxes, scores, 0.5, groups=groups)
    torch.cuda.synchronize()
    with torch.cuda.graph(graph, stream=stream):
        padded = ops.padded_nms(boxes, scores, 0.5, groups=groups)
    for turn in range(3):
        boxes.copy_(boxes_of(count)[0] + turn)
        scores.copy_(scores.roll(7))
        graph.replay()
        check(padded, ops.nms(boxes, scores, 0.5, groups=groups))


def test_a_call_does_not_wait() -> None:
    boxes, scores, _ = boxes_of(700)
    ops.padded_nms(boxes, scores, 0.5)
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        padded = ops.padded_nms(boxes, scores, 0.5)
    finally:
        torch.cuda.set_sync_debug_mode("default")
    check(padded, ops.nms(boxes, scores, 0.5))


def test_a_refused_score_is_told_later() -> None:
    boxes, scores, _ = boxes_of(50)
    scores[7] = float("nan")
    ops.padded_nms(boxes, scores, 0.5, nan_score="refuse")
    with pytest.raises(ArgumentError, match=r"scores\[7\] is nan"):
        raise_refused()
