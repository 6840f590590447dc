"""`mmdet.ops` of MMDetection 1 for PyTorch tensors, NumPy arrays and MindSpore tensors."""

from opsbridge.frontend import api

__all__ = ["nms", "soft_nms"]

nms = api("mmdet/nms", __name__)
soft_nms = api("mmdet/soft_nms", __name__)
