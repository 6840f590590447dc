"""`mmcv.ops` for PyTorch tensors, NumPy arrays and MindSpore tensors."""

from opsbridge.frontend import api

__all__ = ["RoIAlign", "RoIPool", "roi_align", "roi_pool"]

RoIAlign = api("mmcv/RoIAlign", __name__)
RoIPool = api("mmcv/RoIPool", __name__)
roi_align = api("mmcv/roi_align", __name__)
roi_pool = api("mmcv/roi_pool", __name__)
