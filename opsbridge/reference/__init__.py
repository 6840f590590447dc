"""The operators of the core in slow, plain Python: the definition that tests and readers use.

Every axis of ``mappings/core/`` is a keyword here, with the same name and the same values. The
arithmetic is that of the NumPy type of the input, rounded after each operation, left to right.
"""

from __future__ import annotations

from opsbridge.reference.box_coder import box_decode, box_encode
from opsbridge.reference.box_iou import box_iou
from opsbridge.reference.box_shapes import (
    box_area,
    box_convert,
    check_valid,
    clip_boxes,
    masks_to_boxes,
    small_boxes,
)
from opsbridge.reference.crop_and_resize import crop_and_resize
from opsbridge.reference.nms import NmsResult, nms
from opsbridge.reference.roi_align import roi_align
from opsbridge.reference.roi_align_backward import roi_align_backward
from opsbridge.reference.roi_pool import roi_pool, roi_pool_backward
from opsbridge.reference.soft_nms import soft_nms

__all__ = [
    "NmsResult",
    "box_area",
    "box_convert",
    "box_decode",
    "box_encode",
    "box_iou",
    "check_valid",
    "clip_boxes",
    "crop_and_resize",
    "masks_to_boxes",
    "nms",
    "roi_align",
    "roi_align_backward",
    "roi_pool",
    "roi_pool_backward",
    "small_boxes",
    "soft_nms",
]
