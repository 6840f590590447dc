"""`mmcv.ops.batched_nms`: the kind of suppression and its settings come in one dictionary."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from opsbridge.errors import ArgumentError, DtypeError
from opsbridge.frontend import api

_hard_nms = api("mmcv/batched_nms", __name__)
batched_soft_nms = api("mmcv/batched_soft_nms", __name__)

_BY_TYPE = {"nms": _hard_nms, "soft_nms": batched_soft_nms}
# Without settings every box is kept: the result is only sorted.
_SORT_ONLY = {"iou_threshold": math.inf, "class_agnostic": True}


def batched_nms(
    boxes: Any,
    scores: Any,
    idxs: Any,
    nms_cfg: Mapping[str, Any] | None,
    class_agnostic: bool = False,
) -> tuple[Any, Any]:
    """Suppress within each class as `nms_cfg` says, or sort by score if it is None.

    `boxes` is (N, 4), `scores` and `idxs` (the classes, of any dtype) are (N,). `nms_cfg["type"]`
    is "nms" (the default) or "soft_nms"; its other entries are the settings of that function and
    `split_thr`, the number of boxes from which on classes are treated one by one. Returns the kept
    boxes with their scores (M, 5), best first, and their rows in the input. Raises ArgumentError
    or DtypeError before anything is computed.

    >>> import numpy as np
    >>> boxes = np.array([[0, 0, 4, 4], [0, 0, 4, 3], [0, 0, 4, 4]], np.float32)
    >>> scores = np.array([0.75, 0.5, 0.25], np.float32)
    >>> batched_nms(boxes, scores, np.array([0, 0, 1]), {"iou_threshold": 0.5})[1]
    array([0, 2])
    """
    if nms_cfg is not None and not isinstance(nms_cfg, Mapping):
        raise DtypeError(f"batched_nms: nms_cfg is {nms_cfg!r}; expected a dict or None")
    settings = {"class_agnostic": class_agnostic, **(_SORT_ONLY if nms_cfg is None else nms_cfg)}
    kind = settings.pop("type", "nms")
    if kind not in _BY_TYPE:
        allowed = ", ".join(map(repr, _BY_TYPE))
        raise ArgumentError(f'batched_nms: nms_cfg["type"] is {kind!r}; allowed: {allowed}')
    kept: tuple[Any, Any] = _BY_TYPE[kind](boxes, scores, idxs, **settings)
    return kept
