"""Where our clip_boxes_to_image leaves the real one on purpose."""

from __future__ import annotations

import pytest
import torchvision_boxes as shared
from torchvision_boxes import boxes, bridged, real

from opsbridge.errors import DtypeError

NAN = float("nan")


def test_size_beyond_dtype() -> None:
    halves = boxes([0, 0, 60000, 60000], dtype="float16")
    with pytest.raises(RuntimeError, match="without overflow"):
        real("clip_boxes_to_image", halves, (100000, 100000))
    assert bridged("clip_boxes_to_image", halves, (100000, 5)) == [[0, 0, 5, halves[0, 3]]]
    small = boxes([0, 0, 9, 9], dtype="uint8")
    with pytest.raises(RuntimeError, match="representable range"):
        real("clip_boxes_to_image", small, (-3, 4))
    shared.check_refused(
        "clip_boxes_to_image", small, (-3, 4), match=r"boxes\[0\] is .* it must fit uint8"
    )


def test_nan_size() -> None:
    box = boxes([0, 0, 9, 9])
    assert str(real("clip_boxes_to_image", box, (NAN, 4))) == "[[0.0, nan, 4.0, nan]]"
    shared.check_refused("clip_boxes_to_image", box, (NAN, 4), match="size is nan; it must be a")


def test_bool_boxes() -> None:
    shared.check_bool_boxes("clip_boxes_to_image", (1, 1))


def test_extra_columns() -> None:
    shared.check_extra_columns("clip_boxes_to_image", (1, 1), columns=6)


def test_size_as_tensor() -> None:
    box, size = boxes([0, 0, 9, 9]), boxes(4, 5, dtype="int64")
    assert real("clip_boxes_to_image", box, size) == [[0, 0, 5, 4]]
    shared.check_refused(
        "clip_boxes_to_image", box, size, match="size is a Tensor of shape", kind=DtypeError
    )
