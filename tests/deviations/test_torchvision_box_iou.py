"""Where our box_iou leaves the real one on purpose."""

from __future__ import annotations

import pytest
import torchvision_boxes as shared
from torchvision_boxes import boxes, real, torch


def test_narrow_integers_wrap() -> None:
    first = boxes([0, 0, 10, 10], dtype="uint8")
    shared.check_wraps_only_there("box_iou", first, boxes([20, 20, 30, 30], dtype="uint8"))


def test_integer_overflow() -> None:
    shared.check_integer_overflow("box_iou")


def test_mixed_dtypes() -> None:
    shared.check_mixed_dtypes("box_iou")


def test_one_box_without_rows() -> None:
    shared.check_one_box_without_rows("box_iou")


def test_rotated_formats() -> None:
    rotated = torch.tensor([[5.0, 5.0, 4.0, 4.0, 0.0]])
    assert real("box_iou", rotated, rotated, "cxcywhr") == [[pytest.approx(1.0)]]
    shared.check_refused("box_iou", rotated, rotated, "cxcywhr", match=r"expected \(..., N, 4\)")
    four = rotated[:, :4]
    shared.check_refused("box_iou", four, four, "cxcywhr", match="fmt is 'cxcywhr'; allowed: ")
