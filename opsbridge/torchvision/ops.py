"""`torchvision.ops` for PyTorch tensors, NumPy arrays and MindSpore tensors."""

from opsbridge.frontend import api
from opsbridge.torchvision.multiscale import MultiScaleRoIAlign

__all__ = [
    "MultiScaleRoIAlign",
    "PSRoIAlign",
    "PSRoIPool",
    "RoIAlign",
    "RoIPool",
    "nms",
    "ps_roi_align",
    "ps_roi_pool",
    "roi_align",
    "roi_pool",
]

PSRoIAlign = api("torchvision/PSRoIAlign", __name__)
PSRoIPool = api("torchvision/PSRoIPool", __name__)
RoIAlign = api("torchvision/RoIAlign", __name__)
RoIPool = api("torchvision/RoIPool", __name__)
nms = api("torchvision/nms", __name__)
ps_roi_align = api("torchvision/ps_roi_align", __name__)
ps_roi_pool = api("torchvision/ps_roi_pool", __name__)
roi_align = api("torchvision/roi_align", __name__)
roi_pool = api("torchvision/roi_pool", __name__)
