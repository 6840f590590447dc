"""Where our box_convert leaves the real one on purpose."""

from __future__ import annotations

import torchvision_boxes as shared
from real_frameworks import torchvision_ops
from torchvision_boxes import boxes, bridged, ours, real, torch


def test_narrow_integers_wrap() -> None:
    large = boxes([200, 200, 100, 100], dtype="uint8")
    assert real("box_convert", large, "xywh", "xyxy") == [[200, 200, 44, 44]]
    shared.check_refused(
        "box_convert", large, "xywh", "xyxy", match=r"boxes\[0\] is .*; as xyxy it must fit uint8"
    )
    assert bridged("box_convert", large, "xyxy", "cxcywh") == [[150, 150, -100, -100]]
    assert real("box_convert", large, "xyxy", "cxcywh") == [[22, 22, 156, 156]]

    corners = boxes([10, 20, 110, 20, 110, 40, 10, 40], dtype="uint8")
    assert bridged("box_convert", corners, "xyxyxyxy", "xywhr") == [[10, 20, 100, 20, 0]]
    assert real("box_convert", corners, "xyxyxyxy", "xywhr") == [[10, 20, 4, 12, 0]]
    turned = boxes([9, 9, 20, 20, 45], dtype="uint8")
    match = r"boxes\[0\] is \(9, 9, 20, 20, 45\); as xyxyxyxy it must fit uint8"
    shared.check_refused("box_convert", turned, "xywhr", "xyxyxyxy", match=match)
    far = boxes([2**30, 0, 0, 0, 0, 0, 0, 0], dtype="int64")
    shared.check_refused("box_convert", far, "xyxyxyxy", "xywhr", match="integer coordinates must")


def test_sine_and_cosine() -> None:
    angles = torch.linspace(-360, 360, 4001)
    turned = torch.stack([angles * 0, angles * 0, angles * 0 + 7, angles * 0 + 3, angles], dim=1)
    found = ours.box_convert(turned, "xywhr", "xyxyxyxy")
    wanted = torchvision_ops().box_convert(turned, "xywhr", "xyxyxyxy")
    assert not torch.equal(found, wanted)
    # Two products of a side of at most 7 with a sine or a cosine, each one unit off, and a sum.
    torch.testing.assert_close(found, wanted, rtol=0, atol=4 * 7 * torch.finfo(torch.float32).eps)


def test_bool_boxes() -> None:
    shared.check_bool_boxes("box_convert", "xyxy", "xyxy")


def test_extra_columns() -> None:
    shared.check_extra_columns("box_convert", "xyxy", "xyxy")
