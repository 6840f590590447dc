"""The operators of the core in slow, plain Python: the definition that tests and readers use.

Every axis of ``mappings/core/`` is a keyword here, with the same name and the same values. The
arithmetic is that of the NumPy type of the input, rounded after each operation, left to right.
"""

from __future__ import annotations

from opsbridge.reference.nms import NmsResult, nms
from opsbridge.reference.roi_align import roi_align
from opsbridge.reference.roi_align_backward import roi_align_backward
from opsbridge.reference.roi_pool import roi_pool, roi_pool_backward

__all__ = [
    "NmsResult",
    "nms",
    "roi_align",
    "roi_align_backward",
    "roi_pool",
    "roi_pool_backward",
]
