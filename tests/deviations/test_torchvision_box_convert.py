"""Where our box_convert leaves the real one on purpose."""

from __future__ import annotations

import torchvision_boxes as shared
from torchvision_boxes import boxes, bridged, real, torch


def test_narrow_integers_wrap() -> None:
    large = boxes([200, 200, 100, 100], dtype="uint8")
    assert real("box_convert", large, "xywh", "xyxy") == [[200, 200, 44, 44]]
    shared.check_refused(
        "box_convert", large, "xywh", "xyxy", match=r"boxes\[0\] is .*; as xyxy it must fit uint8"
    )
    assert bridged("box_convert", large, "xyxy", "cxcywh") == [[150, 150, -100, -100]]
    assert real("box_convert", large, "xyxy", "cxcywh") == [[22, 22, 156, 156]]


def test_rotated_formats() -> None:
    rotated = torch.tensor([[5.0, 5.0, 4.0, 4.0, 0.0]])
    assert real("box_convert", rotated, "cxcywhr", "xywhr") == [[3.0, 3.0, 4.0, 4.0, 0.0]]
    shared.check_refused(
        "box_convert", rotated[:, :4], "cxcywhr", "xywhr", match="in_fmt is 'cxcywhr'; allowed: "
    )


def test_bool_boxes() -> None:
    shared.check_bool_boxes("box_convert", "xyxy", "xyxy")


def test_extra_columns() -> None:
    shared.check_extra_columns("box_convert", "xyxy", "xyxy")
