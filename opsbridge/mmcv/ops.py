"""`mmcv.ops` for PyTorch tensors, NumPy arrays and MindSpore tensors."""

from opsbridge.frontend import api
from opsbridge.mmcv.batched import batched_nms

__all__ = [
    "RoIAlign",
    "RoIPool",
    "batched_nms",
    "bbox_overlaps",
    "nms",
    "nms_match",
    "roi_align",
    "roi_pool",
    "soft_nms",
]

RoIAlign = api("mmcv/RoIAlign", __name__)
RoIPool = api("mmcv/RoIPool", __name__)
bbox_overlaps = api("mmcv/bbox_overlaps", __name__)
nms = api("mmcv/nms", __name__)
nms_match = api("mmcv/nms_match", __name__)
roi_align = api("mmcv/roi_align", __name__)
roi_pool = api("mmcv/roi_pool", __name__)
soft_nms = api("mmcv/soft_nms", __name__)
