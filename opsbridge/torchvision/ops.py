"""`torchvision.ops` for PyTorch tensors, NumPy arrays and MindSpore tensors."""

from opsbridge.frontend import api

__all__ = ["RoIAlign", "batched_nms", "nms", "roi_align"]

batched_nms = api("torchvision/batched_nms", __name__)
nms = api("torchvision/nms", __name__)
roi_align = api("torchvision/roi_align", __name__)
RoIAlign = api("torchvision/RoIAlign", __name__)
