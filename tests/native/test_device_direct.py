"""Direct calls of the device library, compiled for the host, keep what the operators keep."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from opsbridge import canonical_direct
from opsbridge.core import device
from opsbridge.direct import make_direct, with_settings
from opsbridge.errors import ArgumentError
from opsbridge.torchvision import ops

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.usefixtures("on_device")


def road_of(api: Any) -> Any:
    from opsbridge.frameworks.torch_device_road import device_road

    direct = make_direct(api.operator.plan, api.operator._rule, widens_halves=True)
    assert direct is not None
    assert direct.on_device is not None
    road = with_settings(device_road(direct.on_device), api.operator.plan.call, ())
    return lambda *arguments: road(api.operator.arrange_call(arguments, {}))


def scored_boxes(count: int, dtype: Any) -> tuple[Any, Any]:
    generator = torch.Generator().manual_seed(count)
    corners = torch.rand(count, 2, generator=generator) * 300
    sizes = torch.rand(count, 2, generator=generator) * 60
    boxes = torch.cat((corners, corners + sizes), dim=1)
    return boxes.to(dtype), torch.rand(count, generator=generator).to(dtype)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_nms_and_batched_nms(dtype: Any) -> None:
    single, batched = road_of(ops.nms), road_of(ops.batched_nms)
    for count in (1, 40, 900, 40):
        boxes, scores = scored_boxes(count, dtype)
        kept = single(boxes, scores, 0.5)
        assert kept.dtype == torch.int64
        assert torch.equal(kept, ops.nms(boxes, scores, 0.5))
        classes = torch.arange(count) % 7
        kept = batched(boxes, scores, classes, 0.5)
        assert torch.equal(kept, ops.batched_nms(boxes, scores, classes, 0.5))


def test_what_needs_a_message_is_left_to_the_operator() -> None:
    road = road_of(ops.nms)
    boxes, scores = scored_boxes(5, torch.float32)
    assert road(boxes, scores, float("nan")) is None
    assert road(boxes[:0], scores[:0], 0.5) is None
    assert road(boxes[0], scores, 0.5) is None


def regions() -> tuple[Any, Any]:
    features = torch.randn(2, 18, 9, 11, generator=torch.Generator().manual_seed(0))
    return features, torch.tensor([[0.0, 1, 1, 7, 6], [1, -2, 0, 3.5, 8], [1, 2, 2, 2.5, 3]])


CALLS = {
    "roi_align": lambda: (*regions(), (3, 2), 0.5, 2, True),
    "roi_pool": lambda: (*regions(), 3, 1.0),
    "ps_roi_align": lambda: (*regions(), 3, 0.7, 2),
    "ps_roi_pool": lambda: (*regions(), 3, 0.7),
    "box_iou": lambda: (scored_boxes(9, torch.float32)[0], scored_boxes(4, torch.float32)[0]),
    "generalized_box_iou": lambda: (scored_boxes(9, torch.float64)[0],) * 2,
    "box_area": lambda: (scored_boxes(9, torch.float16)[0],),
    "box_convert": lambda: (scored_boxes(9, torch.float32)[0], "xyxy", "cxcywh"),
    "clip_boxes_to_image": lambda: (scored_boxes(9, torch.float32)[0], (100, 90)),
}


@pytest.mark.parametrize("name", CALLS)
def test_other_calls_leave_a_ticket(name: str) -> None:
    api = getattr(ops, name)
    result = road_of(api)(*CALLS[name]())
    assert torch.equal(result, api(*CALLS[name]()))
    assert len(device._unread) == 1
    device.raise_refused()


def test_masks_of_kept_boxes_wait_for_nothing() -> None:
    from opsbridge.frameworks.torch_device_road import device_road

    operator = ops.nms.operator
    direct = make_direct(operator.plan, operator._rule, widens_halves=True)
    assert direct is not None
    assert direct.on_device is not None
    boxes, scores = scored_boxes(30, torch.float32)
    road = device_road(replace(direct.on_device, wanted=(("keep_mask", "bool"),)))
    mask = road((boxes, scores, 0.3))
    assert len(device._unread) == 1
    assert torch.equal(mask.nonzero()[:, 0], ops.nms(boxes, scores, 0.3).sort().values)


def test_padded_nms_by_its_own_name() -> None:
    from opsbridge.core.checks import Caller
    from opsbridge.core.nms import NMS, NmsRule
    from opsbridge.frameworks.torch_device_road import device_road
    from opsbridge.tables.load import load_core

    def refuses(dtype: str) -> NmsRule:
        return NmsRule(nan_score="refuse", accumulate="same")

    outputs = (("padded_keep", "int64"), ("kept_count", "int64"))
    names = ("boxes", "scores", "iou_threshold", "max_outputs")
    direct = canonical_direct.make_direct(
        NMS, load_core("nms"), Caller("padded_nms"), names, refuses, outputs
    )
    assert direct.on_device is not None
    road = device_road(direct.on_device)
    for count, most in ((1, 3), (40, 12), (900, 2000), (2500, 100)):
        boxes, scores = scored_boxes(count, torch.float32)
        keep, kept = road((boxes, scores, 0.5, most))
        expected = ops.nms(boxes, scores, 0.5)[:most]
        assert kept.shape == ()
        assert int(kept) == len(expected)
        assert torch.equal(keep[: len(expected)], expected)
        assert bool((keep[len(expected) :] == -1).all())
    scores[7] = float("nan")
    road((boxes, scores, 0.5, 9))
    with pytest.raises(ArgumentError, match=r"padded_nms: scores\[7\] is nan"):
        device.raise_refused()


@pytest.mark.parametrize("name", ["roi_align", "roi_pool"])
def test_what_was_refused_is_told_in_the_words_of_the_operator(name: str) -> None:
    api, (features, rois) = getattr(ops, name), regions()
    rois[1, 0] = 5
    with pytest.raises(ArgumentError) as said:
        api(features, rois, 3)
    road = road_of(api)
    assert road(features, rois, 3) is not None
    with pytest.raises(ArgumentError, match=re.escape(str(said.value))):
        road_of(ops.nms)(*scored_boxes(4, torch.float32), 0.5)
    assert not device._unread
    device.check_values("sync")
    try:
        with pytest.raises(ArgumentError, match=re.escape(str(said.value))):
            road(features, rois, 3)
    finally:
        device.check_values("deferred")
