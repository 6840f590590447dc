"""`paddle.vision.ops` for PyTorch tensors, NumPy arrays and MindSpore tensors."""

from opsbridge.frontend import api

__all__ = [
    "PSRoIPool",
    "RoIAlign",
    "RoIPool",
    "box_coder",
    "nms",
    "psroi_pool",
    "roi_align",
    "roi_pool",
]

PSRoIPool = api("paddle/PSRoIPool", __name__)
RoIAlign = api("paddle/RoIAlign", __name__)
RoIPool = api("paddle/RoIPool", __name__)
box_coder = api("paddle/box_coder", __name__)
nms = api("paddle/nms", __name__)
psroi_pool = api("paddle/psroi_pool", __name__)
roi_align = api("paddle/roi_align", __name__)
roi_pool = api("paddle/roi_pool", __name__)
