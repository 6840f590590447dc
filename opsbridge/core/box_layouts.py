"""What the names of layouts say about the boxes."""

from __future__ import annotations

# Five numbers with an angle, or four corners.
ROTATED = ("xywhr", "cxcywhr", "xyxyxyxy")

# Integers up to this bound have sides and areas that fit 64 bits.
INTEGER_BOUND = 2**30


def columns_of(layout: str) -> int:
    """How many numbers a box has."""
    if layout == "xyxyxyxy":
        return 8
    return 5 if layout in ROTATED else 4
