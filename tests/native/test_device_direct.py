"""Direct calls of the device library, compiled for the host, keep what the operators keep."""

from __future__ import annotations

from typing import Any

import pytest

from opsbridge.core import device
from opsbridge.direct import make_direct
from opsbridge.torchvision import ops

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.usefixtures("on_device")


def road_of(api: Any) -> Any:
    from opsbridge.frameworks.torch_device_road import device_road

    direct = make_direct(api.operator.plan, api.operator._rule, widens_halves=True)
    assert direct is not None
    assert direct.on_device is not None
    road = device_road(direct.on_device)
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


def test_what_needs_a_message_is_left_to_the_operator(monkeypatch: pytest.MonkeyPatch) -> None:
    road = road_of(ops.nms)
    boxes, scores = scored_boxes(5, torch.float32)
    assert road(boxes, scores, float("nan")) is None
    assert road(boxes[:0], scores[:0], 0.5) is None
    assert road(boxes[0], scores, 0.5) is None
    monkeypatch.setattr(device, "_unread", [object()])
    assert road(boxes, scores, 0.5) is None
