"""Prints the level in use and a digest of overlaps and soft suppression, odd widths included."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from cases import BOXES, generator

from opsbridge.core.box_iou import BoxIouRule, box_iou
from opsbridge.core.native import cpu_level
from opsbridge.core.soft_nms import SoftNmsRule, soft_nms
from opsbridge.frameworks.numpy import LAYER

digest = hashlib.sha256()


def add(result: Any) -> None:
    # A NaN has many patterns and one meaning.
    digest.update(np.where(np.isnan(result), result.dtype.type(7), result).tobytes())


def large() -> Any:
    """A result past the caches, whose rows start at every place within a vector."""
    corner = generator("large overlaps").uniform(0, 900, (2100, 2))
    return np.concatenate([corner, corner + 80], axis=1).astype(np.float32)


add(box_iou(LAYER, large(), large()[:1003], rule=BoxIouRule())[0])
for family in BOXES:
    for dtype in (np.float16, np.float32, np.float64):
        rng = generator("levels of pairs", family, dtype.__name__)
        pair = [BOXES[family](rng, count, dtype) for count in (37, 5)]
        for rule in (
            BoxIouRule(widening="none", nan_corner="compared", box_offset=1),
            BoxIouRule(denominator="first_area", layout="xywh", measure="giou"),
            BoxIouRule(denominator_epsilon="e_minus_10", result_order="second_by_first"),
        ):
            add(box_iou(LAYER, *pair, 1e-7, rule=rule)[0])
        boxes = BOXES[family](rng, 300, dtype)
        scores = (rng.integers(0, 40, 300) / 40).astype(dtype)
        for method in SoftNmsRule.axes["method"]:
            soft_rule = SoftNmsRule(method=method)  # type: ignore[arg-type]
            for result in soft_nms(LAYER, boxes, scores, 0.3, 0.5, 1e-3, rule=soft_rule):
                add(result)
print(cpu_level(), digest.hexdigest())
