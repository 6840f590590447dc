"""Where our distance_box_iou leaves the real one on purpose."""

from __future__ import annotations

import torchvision_boxes as shared


def test_integer_overflow() -> None:
    shared.check_integer_overflow("distance_box_iou")


def test_mixed_dtypes() -> None:
    shared.check_mixed_dtypes("distance_box_iou")


def test_one_box_without_rows() -> None:
    shared.check_one_box_without_rows("distance_box_iou")


def test_bool_boxes() -> None:
    shared.check_bool_pairs("distance_box_iou")
