"""The operators, one file each, on any framework's tensors: checks, then the native call.

A core operator knows no framework and no table. It takes tensors together with the *layer* of
their framework (`core.tensors.TensorLayer`) and every convention explicitly, as a rule.
"""

from __future__ import annotations

from opsbridge.core.nms import NMS
from opsbridge.core.operator import Operator
from opsbridge.core.roi_align import ROI_ALIGN, ROI_ALIGN_BACKWARD
from opsbridge.core.roi_pool import ROI_POOL, ROI_POOL_BACKWARD

OPERATORS: dict[str, Operator] = {
    operator.name: operator
    for operator in (
        NMS,
        ROI_ALIGN,
        ROI_ALIGN_BACKWARD,
        ROI_POOL,
        ROI_POOL_BACKWARD,
    )
}
