"""Where our masks_to_boxes leaves the real one on purpose."""

from __future__ import annotations

import torchvision_boxes as shared
from torchvision_boxes import boxes, real

from opsbridge.errors import DtypeError


def test_complex_masks() -> None:
    masks = boxes([[0, 1]], dtype="complex64")
    assert real("masks_to_boxes", masks) == [[1.0, 0.0, 1.0, 0.0]]
    shared.check_refused("masks_to_boxes", masks, match="masks is complex64", kind=DtypeError)
