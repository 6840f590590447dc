"""Where our generalized_box_iou leaves the real one on purpose."""

from __future__ import annotations

import torchvision_boxes as shared
from torchvision_boxes import boxes


def test_narrow_integers_wrap() -> None:
    first = boxes([0, 0, 10, 10], dtype="uint8")
    second = boxes([20, 20, 30, 30], dtype="uint8")
    shared.check_wraps_only_there("generalized_box_iou", first, second)


def test_integer_overflow() -> None:
    shared.check_integer_overflow("generalized_box_iou")


def test_mixed_dtypes() -> None:
    shared.check_mixed_dtypes("generalized_box_iou")


def test_one_box_without_rows() -> None:
    shared.check_one_box_without_rows("generalized_box_iou")
