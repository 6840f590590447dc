"""Where our box_iou leaves the real one on purpose."""

from __future__ import annotations

import math

import pytest
import torchvision_boxes as shared
from real_frameworks import torchvision_ops
from torchvision_boxes import boxes, bridged, ours, real, torch

from opsbridge.errors import DerivativeError


def test_narrow_integers_wrap() -> None:
    first = boxes([0, 0, 10, 10], dtype="uint8")
    shared.check_wraps_only_there("box_iou", first, boxes([20, 20, 30, 30], dtype="uint8"))


def test_integer_overflow() -> None:
    shared.check_integer_overflow("box_iou")


def test_mixed_dtypes() -> None:
    shared.check_mixed_dtypes("box_iou")


def test_one_box_without_rows() -> None:
    shared.check_one_box_without_rows("box_iou")


def test_rotated_rounding() -> None:
    small = boxes([5, 5, 1e-4, 1e-4, 0])
    large = boxes([5, 5, 1e20, 1e20, 30])
    for equal in (small, large):
        assert real("box_iou", equal, equal, "cxcywhr") == [[0]]
        assert bridged("box_iou", equal, equal, "cxcywhr") == [[1]]
    beyond = boxes([0, 0, 1e154, 1e154, 0], dtype="float64")
    assert math.isnan(real("box_iou", beyond, beyond, "cxcywhr")[0][0])
    assert bridged("box_iou", beyond, beyond, "cxcywhr") == [[0]]
    # Either order of these two shares a hundredth; the real kernel loses it in one of them.
    pair = (
        boxes([91.9463, 53.6409, 44.7955, 52.0513, -45]),
        boxes([52.1824, 86.1276, 16.3051, 59.7598, 338.6591]),
    )
    shared_part = [[pytest.approx(0.0129625, abs=1e-6)]]
    for dtype in (torch.float32, torch.float64):
        first, second = (each.to(dtype) for each in pair)
        assert bridged("box_iou", first, second, "cxcywhr") == shared_part
        assert bridged("box_iou", second, first, "cxcywhr") == shared_part
        assert real("box_iou", second, first, "cxcywhr") == shared_part
        assert real("box_iou", first, second, "cxcywhr") == [[pytest.approx(0, abs=1e-6)]]


@pytest.mark.filterwarnings("ignore:.*autograd kernel was not registered")
def test_rotated_gradient() -> None:
    given = boxes([5, 5, 4, 4, 30]).requires_grad_()
    torchvision_ops().box_iou(given, given.detach(), "cxcywhr").sum().backward()
    assert given.grad is None
    result = ours.box_iou(given, given.detach(), "cxcywhr")
    with pytest.raises(DerivativeError, match="there is no gradient of cxcywhr boxes"):
        result.sum().backward()
