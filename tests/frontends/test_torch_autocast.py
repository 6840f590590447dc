"""Autocast widens 16-bit tensors where it does so for the real API, and nowhere else."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from api_calls import BOXES, FEATURES, ROIS, SCORED_BOXES, SCORES
from cases import BOXES as MADE_BOXES
from cases import SCORES as MADE_SCORES
from cases import generator

from opsbridge.errors import DtypeError
from opsbridge.mindspore.ops import NMSWithMask
from opsbridge.torchvision.ops import RoIAlign, batched_nms, nms, roi_align

torch = pytest.importorskip("torch", reason="tests autocast of PyTorch")
REASON = "compares with the real torchvision, which is not installed"
real = pytest.importorskip("torchvision", reason=REASON).ops

CALLS = {
    "nms": (lambda ops, b, s, f, r: ops.nms(b, s, 0.4)),
    "roi_align": (lambda ops, b, s, f, r: ops.roi_align(f, r, 2)),
    "list": (lambda ops, b, s, f, r: ops.roi_align(f, [r[:1, 1:], r[1:, 1:]], 2)),
    "RoIAlign": (lambda ops, b, s, f, r: ops.RoIAlign(2, 0.5, 2)(f, r)),
}
DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


class Ours:
    """Our operators under torchvision's names."""

    nms, roi_align, RoIAlign = staticmethod(nms), staticmethod(roi_align), RoIAlign


def inputs(first: Any, second: Any) -> list[Any]:
    arrays = (BOXES, SCORES, FEATURES, ROIS)
    dtypes = (first, second, first, second)
    return [torch.from_numpy(a.copy()).to(d) for a, d in zip(arrays, dtypes, strict=True)]


def test_lists_of_float64_stay_as_they_are() -> None:
    features, rois = inputs(torch.float64, torch.float64)[2:]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        listed = roi_align(features, [rois[:1, 1:], rois[1:, 1:]], 2)  # torchvision's cat fails
    assert torch.equal(listed, real.roi_align(features, rois, 2))


# Under autocast PyTorch, and so torchvision, joins lists of float32 and autocast's dtype only.
CASES = [
    (call, into, first, second)
    for into in (torch.float16, torch.bfloat16)
    for call, first, second in itertools.product(CALLS, DTYPES, DTYPES)
    if call != "list" or second in (into, torch.float32)
]


@pytest.mark.parametrize(("call", "into", "first", "second"), CASES, ids=str)
def test_as_torchvision(call: str, into: Any, first: Any, second: Any) -> None:
    given = inputs(first, second)
    with torch.autocast("cpu", dtype=into):
        try:
            expected = CALLS[call](real, *given)
        except RuntimeError:
            with pytest.raises(DtypeError):
                CALLS[call](Ours, *given)
            return
        result = CALLS[call](Ours, *given)
    assert result.dtype == expected.dtype
    assert torch.equal(result, expected)


def test_gradients_come_back_in_the_dtype_that_went_in() -> None:
    features, rois = inputs(torch.bfloat16, torch.float32)[2:]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        pooled = roi_align(features.requires_grad_(), rois, 2)
    assert pooled.requires_grad
    assert pooled.dtype is torch.bfloat16


def test_compiled() -> None:
    torch._dynamo.reset()
    given = inputs(torch.bfloat16, torch.float32)

    def call(boxes: Any, scores: Any, features: Any, rois: Any) -> Any:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return nms(boxes, scores, 0.4), roi_align(features, rois, 2)

    compiled = torch.compile(call, fullgraph=True, backend="aot_eager")
    for one, other in zip(compiled(*given), call(*given), strict=True):
        assert torch.equal(one, other)


def test_other_frameworks_apis_know_no_autocast() -> None:
    bboxes = torch.from_numpy(SCORED_BOXES.copy()).bfloat16()
    with torch.autocast("cpu", dtype=torch.bfloat16), pytest.raises(DtypeError):
        NMSWithMask(0.5)(bboxes)
    with torch.autocast("cuda", dtype=torch.bfloat16), pytest.raises(DtypeError):
        nms(bboxes[:, :4], bboxes[:, 4], 0.4)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
@pytest.mark.parametrize("count", [3, 200, 1001])
def test_boxes_of_classes_are_moved_apart_before_they_are_widened(count: int, dtype: Any) -> None:
    rng = generator("autocast", count)
    boxes, scores = (
        torch.from_numpy(made(rng, count, np.float32)).to(dtype)
        for made in (MADE_BOXES["clustered"], MADE_SCORES["tied"])
    )
    idxs = torch.from_numpy(rng.integers(0, 5, count))
    for threshold in (0.1, 0.5, 0.8):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            expected = real.batched_nms(boxes, scores, idxs, threshold)
            assert torch.equal(batched_nms(boxes, scores, idxs, threshold), expected)
    with pytest.raises(RuntimeError, match=r"^batched_nms: boxes is b?float16; allowed: float32"):
        batched_nms(boxes, scores, idxs, 0.5)
