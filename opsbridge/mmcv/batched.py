"""`mmcv.ops.batched_nms`: which suppression it is comes with the settings in one dictionary."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from typing import Any

from opsbridge.errors import ArgumentError
from opsbridge.frontend import api

_hard_nms = api("mmcv/batched_nms", "opsbridge.mmcv.ops")
batched_soft_nms = api("mmcv/batched_soft_nms", __name__)

_BY_TYPE = {"nms": _hard_nms, "soft_nms": batched_soft_nms}
# Without settings every box is kept: the result is only sorted.
_SORT_ONLY = {"iou_threshold": math.inf, "class_agnostic": True}


@functools.wraps(_hard_nms)
def batched_nms(
    boxes: Any, scores: Any, idxs: Any, nms_cfg: Any, class_agnostic: bool = False
) -> Any:
    if nms_cfg is None:
        nms_cfg = _SORT_ONLY
    if not isinstance(nms_cfg, Mapping):
        return _hard_nms(boxes, scores, idxs, nms_cfg, class_agnostic)  # refuses it
    settings = dict(nms_cfg)
    class_agnostic = settings.pop("class_agnostic", class_agnostic)
    kind = settings.get("type", "nms")
    if kind not in _BY_TYPE:
        allowed = ", ".join(map(repr, _BY_TYPE))
        raise ArgumentError(f'batched_nms: nms_cfg["type"] is {kind!r}; allowed: {allowed}')
    return _BY_TYPE[kind](boxes, scores, idxs, settings, class_agnostic)
