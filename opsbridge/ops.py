"""The core operators themselves, with canonical names and every convention as a keyword.

They take tensors of any framework and give tensors of the same one. The keywords are the slots and
axes of `mappings/core/<operator>.toml`, and the docstring of each lists them. Position-sensitive
RoI operators are `channel_map="position_sensitive"` of `roi_align` and `roi_pool`. Beyond the
front-ends of single frameworks:
- Integer boxes and anchors become float64, and integer regions the dtype of the features, exactly;
  functions of boxes alone compute with integers as they are.
- 16-bit tensors are computed in float32 where there is `accumulate`, unless it says otherwise.
- Results go into tensors of the caller's, `out`.

>>> import numpy as np
>>> from opsbridge.ops import nms
>>> boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 5], [0, 0, 10, 4]])
>>> nms(boxes, np.array([0.75, 0.5, 0.25]), 0.5)
array([0, 1])
>>> nms(boxes, np.array([0.75, 0.5, 0.25]), 0.5, comparison="greater_equal")
array([0, 2])
>>> memory = np.empty(3, np.int64)
>>> nms(boxes, np.array([0.75, 0.5, 0.25]), 0.5, out=memory).base is memory
True
"""

from __future__ import annotations

from opsbridge.canonical import canonical
from opsbridge.core import OPERATORS

__all__ = [
    "box_area",
    "box_convert",
    "box_decode",
    "box_encode",
    "box_iou",
    "check_valid",
    "clip_boxes",
    "crop_and_resize",
    "masks_to_boxes",
    "nms",
    "nms_match",
    "padded_nms",
    "roi_align",
    "roi_pool",
    "small_boxes",
    "soft_nms",
]

box_area = canonical(OPERATORS["box_area"], __name__)
box_convert = canonical(OPERATORS["box_convert"], __name__)
box_decode = canonical(OPERATORS["box_decode"], __name__)
box_encode = canonical(OPERATORS["box_encode"], __name__)
box_iou = canonical(OPERATORS["box_iou"], __name__)
check_valid = canonical(OPERATORS["check_valid"], __name__)
clip_boxes = canonical(OPERATORS["clip_boxes"], __name__)
crop_and_resize = canonical(OPERATORS["crop_and_resize"], __name__)
masks_to_boxes = canonical(OPERATORS["masks_to_boxes"], __name__)
nms = canonical(OPERATORS["nms"], __name__)
nms_match = canonical(OPERATORS["nms"], __name__, name="nms_match", parts=("matched", "match_ends"))
padded_nms = canonical(
    OPERATORS["nms"],
    __name__,
    name="padded_nms",
    fixed=("padded_keep", "kept_count"),
    text="""
    Non-maximum suppression with results of fixed size: `(keep, count)`.

    `keep` is int64, as long as `max_outputs`, or as there are boxes: the kept indices, and -1
    behind the first `count` of them; `count` is int64 and has no axes. On a GPU nothing waits for
    the device, so that calls may lie inside a CUDA graph, and values that are refused raise as
    `opsbridge.cuda` says.

    >>> import numpy as np
    >>> from opsbridge.ops import padded_nms
    >>> boxes = np.array([[0, 0, 4, 4], [0, 0, 4, 3], [5, 5, 9, 9]])
    >>> scores = np.array([0.5, 0.75, 0.25])
    >>> padded_nms(boxes, scores, 0.7)
    (array([ 1,  2, -1]), array(2))
    >>> padded_nms(boxes, scores, 0.7, max_outputs=1)
    (array([1]), array(1))
    """,
)
roi_align = canonical(OPERATORS["roi_align"], __name__)
roi_pool = canonical(OPERATORS["roi_pool"], __name__)
small_boxes = canonical(OPERATORS["small_boxes"], __name__)
soft_nms = canonical(OPERATORS["soft_nms"], __name__)
