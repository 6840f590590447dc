"""The operators, one file each, on any framework's tensors: checks, then the native call.

A core operator knows no framework and no table. It takes tensors together with the *layer* of
their framework (`core.tensors.TensorLayer`) and every convention explicitly, as a rule.
"""

from __future__ import annotations

from opsbridge.core.box_area import BOX_AREA
from opsbridge.core.box_coder_gradients import BOX_CODER_GRADIENTS
from opsbridge.core.box_convert import BOX_CONVERT
from opsbridge.core.box_decode import BOX_DECODE
from opsbridge.core.box_encode import BOX_ENCODE
from opsbridge.core.box_gradients import BOX_GRADIENTS
from opsbridge.core.box_iou import BOX_IOU
from opsbridge.core.check_valid import CHECK_VALID
from opsbridge.core.clip_boxes import CLIP_BOXES
from opsbridge.core.crop_and_resize import CROP_AND_RESIZE
from opsbridge.core.masks_to_boxes import MASKS_TO_BOXES
from opsbridge.core.nms import NMS
from opsbridge.core.operator import Operator
from opsbridge.core.roi_align import ROI_ALIGN, ROI_ALIGN_BACKWARD
from opsbridge.core.roi_pool import ROI_POOL, ROI_POOL_BACKWARD
from opsbridge.core.small_boxes import SMALL_BOXES
from opsbridge.core.soft_nms import SOFT_NMS

_ALL = (
    BOX_AREA,
    *BOX_CODER_GRADIENTS,
    BOX_CONVERT,
    BOX_DECODE,
    BOX_ENCODE,
    *BOX_GRADIENTS,
    BOX_IOU,
    CHECK_VALID,
    CLIP_BOXES,
    CROP_AND_RESIZE,
    MASKS_TO_BOXES,
    NMS,
    ROI_ALIGN,
    ROI_ALIGN_BACKWARD,
    ROI_POOL,
    ROI_POOL_BACKWARD,
    SMALL_BOXES,
    SOFT_NMS,
)
OPERATORS: dict[str, Operator] = {operator.name: operator for operator in _ALL}
