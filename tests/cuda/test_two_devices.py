"""Tensors on a device that is not the current one, which stays current."""

from __future__ import annotations

from typing import Any

import pytest

from opsbridge import ops
from opsbridge.core.native import cuda_library_path
from opsbridge.cuda import raise_refused
from opsbridge.errors import ArgumentError, DeviceError
from opsbridge.torchvision import ops as shaped

torch = pytest.importorskip("torch")

if torch.cuda.device_count() < 2:
    pytest.skip("fewer than two CUDA devices", allow_module_level=True)
if cuda_library_path() is None:
    pytest.skip("this build has no CUDA kernels", allow_module_level=True)

OTHER = "cuda:1"


def boxes_of(count: int) -> tuple[Any, Any]:
    generator = torch.Generator().manual_seed(count)
    corners = torch.rand(count, 2, generator=generator) * 300
    boxes = torch.cat((corners, corners + torch.rand(count, 2, generator=generator) * 60), dim=1)
    return boxes, torch.rand(count, generator=generator)


@pytest.mark.parametrize("count", [700, 6000, 40_000])
def test_kept_boxes_of_the_other_device(count: int) -> None:
    boxes, scores = boxes_of(count)
    expected = shaped.nms(boxes.cuda(), scores.cuda(), 0.5)
    for _ in range(2):
        kept = shaped.nms(boxes.to(OTHER), scores.to(OTHER), 0.5)
        assert str(kept.device) == OTHER
        assert torch.equal(kept.cpu(), expected.cpu())
        padded, number = ops.padded_nms(boxes.to(OTHER), scores.to(OTHER), 0.5)
        assert int(number) <= len(padded) == count
    assert torch.cuda.current_device() == 0


def test_regions_and_their_gradient_on_the_other_device() -> None:
    features = torch.randn(2, 16, 20, 30, device=OTHER, requires_grad=True)
    rois = torch.tensor([[0.0, 1, 1, 9, 8], [1, 2, 0, 25, 19]], device=OTHER)
    for operator in (shaped.roi_align, shaped.roi_pool):
        pooled = operator(features, rois, 3)
        (gradient,) = torch.autograd.grad(pooled.sum(), features)
        assert str(gradient.device) == OTHER
        near = features.detach().to("cuda:0").requires_grad_()
        same = operator(near, rois.to("cuda:0"), 3)
        assert torch.equal(same.cpu(), pooled.cpu())
        assert torch.equal(torch.autograd.grad(same.sum(), near)[0].cpu(), gradient.cpu())


def test_what_the_other_device_refuses_is_told() -> None:
    features = torch.randn(2, 3, 20, 30, device=OTHER)
    shaped.roi_align(features, torch.tensor([[7.0, 1, 1, 9, 8]], device=OTHER), 3)
    with pytest.raises(ArgumentError, match="batch size 2"):
        raise_refused()


def test_tensors_of_two_devices_do_not_mix() -> None:
    boxes, scores = boxes_of(9)
    with pytest.raises(DeviceError):
        shaped.nms(boxes.to("cuda:0"), scores.to(OTHER), 0.5)
