"""`torchvision.ops` for PyTorch tensors, NumPy arrays and MindSpore tensors."""

from opsbridge.frontend import api

__all__ = ["RoIAlign", "nms", "roi_align"]

nms = api("torchvision/nms", __name__)
roi_align = api("torchvision/roi_align", __name__)
RoIAlign = api("torchvision/RoIAlign", __name__)
