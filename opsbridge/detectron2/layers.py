"""`detectron2.layers` for PyTorch tensors, NumPy arrays and MindSpore tensors."""

from opsbridge.frontend import api

__all__ = ["ROIAlign", "batched_nms", "nms"]

ROIAlign = api("detectron2/ROIAlign", __name__)
batched_nms = api("detectron2/batched_nms", __name__)
nms = api("detectron2/nms", __name__)
