"""`mmcv.ops` for PyTorch tensors, NumPy arrays and MindSpore tensors."""

from opsbridge.frontend import api

__all__ = ["bbox_overlaps"]

bbox_overlaps = api("mmcv/bbox_overlaps", __name__)
