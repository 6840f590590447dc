"""What functions of `paddle.vision.ops` are with some of their arguments."""

from opsbridge.frontend import api

__all__ = ["box_coder_decode", "nms_by_score", "nms_in_order"]

box_coder_decode = api("paddle/box_coder_decode", __name__)
nms_by_score = api("paddle/nms_by_score", __name__)
nms_in_order = api("paddle/nms_in_order", __name__)
