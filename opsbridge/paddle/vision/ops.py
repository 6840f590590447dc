"""`paddle.vision.ops` for PyTorch tensors, NumPy arrays and MindSpore tensors."""

from opsbridge.frontend import api

__all__ = ["RoIAlign", "RoIPool", "nms", "roi_align", "roi_pool"]

RoIAlign = api("paddle/RoIAlign", __name__)
RoIPool = api("paddle/RoIPool", __name__)
nms = api("paddle/nms", __name__)
roi_align = api("paddle/roi_align", __name__)
roi_pool = api("paddle/roi_pool", __name__)
