"""`mmcv.ops` for PyTorch tensors, NumPy arrays and MindSpore tensors."""

from opsbridge.frontend import api
from opsbridge.mmcv.batched import batched_nms

__all__ = ["batched_nms", "nms", "nms_match", "soft_nms"]

nms = api("mmcv/nms", __name__)
nms_match = api("mmcv/nms_match", __name__)
soft_nms = api("mmcv/soft_nms", __name__)
