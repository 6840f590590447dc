"""Prints the level in use and a digest of what the box operators give, odd values included."""

from __future__ import annotations

import hashlib

import numpy as np
from cases import BOXES, generator

from opsbridge.core.box_gradients import box_iou_gradient
from opsbridge.core.box_iou import BoxIouRule, box_iou
from opsbridge.core.masks_to_boxes import MasksToBoxesRule, masks_to_boxes
from opsbridge.core.native import cpu_level
from opsbridge.frameworks.numpy import LAYER

digest = hashlib.sha256()
for family in BOXES:
    for dtype in ("float16", "float32", "float64", "int32"):
        rng = generator("levels of boxes", family, dtype)
        for count in (3, 200):
            wide = np.float64 if dtype == "float64" else np.float32
            pair = [BOXES[family](rng, count, wide) for _ in range(2)]
            if dtype == "int32":
                pair = [np.nan_to_num(np.clip(boxes, 0, 99)) for boxes in pair]
            with np.errstate(over="ignore"):
                pair = [boxes.astype(dtype) for boxes in pair]
            for measure in BoxIouRule.axes["measure"]:
                rule = BoxIouRule(measure=measure)  # type: ignore[arg-type]
                (overlaps,) = box_iou(LAYER, *pair, 1e-7, rule=rule)
                results = [overlaps]
                if dtype != "int32":
                    results += box_iou_gradient(LAYER, overlaps, *pair, 1e-7, rule=rule)
                for result in results:
                    # A NaN has many patterns and one meaning.
                    digest.update(np.where(np.isnan(result), np.float32(7), result).tobytes())
masks = generator("levels of masks").random((60, 31, 17)) < 0.01
digest.update(masks_to_boxes(LAYER, masks, rule=MasksToBoxesRule())[0].tobytes())
print(cpu_level(), digest.hexdigest())
