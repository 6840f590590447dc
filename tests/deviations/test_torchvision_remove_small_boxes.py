"""Where our remove_small_boxes leaves the real one on purpose."""

from __future__ import annotations

import torchvision_boxes as shared
from torchvision_boxes import boxes, bridged, real


def test_narrow_integers_wrap() -> None:
    inverted = boxes([9, 9, 0, 0], dtype="uint8")
    assert real("remove_small_boxes", inverted, 5) == [0]
    assert bridged("remove_small_boxes", inverted, 5) == []


def test_size_beyond_dtype() -> None:
    box = boxes([0, 0, 100, 100], dtype="uint8")
    assert real("remove_small_boxes", box, 300) == [0]
    assert bridged("remove_small_boxes", box, 300) == []
    assert real("remove_small_boxes", box, -1) == []
    assert bridged("remove_small_boxes", box, -1) == [0]


def test_nan_size() -> None:
    box = boxes([0, 0, 9, 9])
    assert real("remove_small_boxes", box, float("nan")) == []
    shared.check_refused("remove_small_boxes", box, float("nan"), match="min_size is nan; it must")


def test_other_ranks() -> None:
    batch = boxes([0, 0, 9, 9], [0, 0, 9, 9])[None]
    assert real("remove_small_boxes", batch, 5) == [0, 0]
    shared.check_refused("remove_small_boxes", batch, 5, match=r"expected \(N, 4\)")
    assert real("remove_small_boxes", batch[0, 0], 5) == [0]
    shared.check_refused("remove_small_boxes", batch[0, 0], 5, match=r"expected \(N, 4\)")


def test_extra_columns() -> None:
    shared.check_extra_columns("remove_small_boxes", 0)
