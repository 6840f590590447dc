"""Seeded calls of every operator under drawn rules, each holding many cases for one launch.

Call n of an operator is the same on every machine. Small calls wait for launches on a GPU, so cases
share one: the groups of a grouped suppression, the regions and channels of a pooled map.
"""

from __future__ import annotations

from cases import generator
from device_boxes import BOX_KINDS
from device_drawing import Call, Kind
from device_regions import REGIONS
from device_suppression import SUPPRESSION

KINDS: dict[str, Kind] = {**SUPPRESSION, **REGIONS, **BOX_KINDS}


def drawn_call(name: str, number: int, size: float = 1.0) -> Call:
    """Call `number` of a kind; a smaller `size` has fewer cases."""
    return KINDS[name].draw(generator("device", name, number), size)
