"""What `paddle.vision.ops.nms` is without categories, and without scores."""

from opsbridge.frontend import api

__all__ = ["nms_by_score", "nms_in_order"]

nms_by_score = api("paddle/nms_by_score", __name__)
nms_in_order = api("paddle/nms_in_order", __name__)
