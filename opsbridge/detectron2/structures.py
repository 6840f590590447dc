"""`detectron2.structures` for PyTorch tensors, NumPy arrays and MindSpore tensors."""

from opsbridge.frontend import api

__all__ = ["pairwise_iou"]

pairwise_iou = api("detectron2/pairwise_iou", __name__)
