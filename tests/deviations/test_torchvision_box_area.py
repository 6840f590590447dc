"""Where our box_area leaves the real one on purpose."""

from __future__ import annotations

import torchvision_boxes as shared
from torchvision_boxes import boxes, bridged, real


def test_integer_overflow() -> None:
    large = boxes([0, 0, 1, 1], [0, 0, 60000, 60000], dtype="int32")
    assert real("box_area", large)[1] < 0
    shared.check_refused("box_area", large, match=r"boxes\[1\] is .*; its area must fit int32")
    assert bridged("box_area", large.long()) == [1, 3600000000]
    beyond = boxes([0, 0, 2**40, 2**40], dtype="int64")
    assert real("box_area", beyond) == [0]
    shared.check_refused("box_area", beyond, match="its area must fit int64")


def test_bool_boxes() -> None:
    shared.check_bool_boxes("box_area")


def test_extra_columns() -> None:
    shared.check_extra_columns("box_area")
