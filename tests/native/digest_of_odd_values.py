"""Prints the instruction-set level in use and a digest of many results: a child's program."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from cases import BOXES, DTYPES, ROIS, SCORES, features, generator

from opsbridge.core.native import cpu_level
from opsbridge.core.nms import NmsRule, nms
from opsbridge.core.roi_align import RoiAlignRule, roi_align
from opsbridge.frameworks.numpy import LAYER

NMS_RULES = (
    NmsRule(),
    NmsRule(threshold_type="same", order="bitonic"),
    NmsRule(union="fused_second_area", threshold_type="float32"),
    NmsRule(comparison="multiplied", box_offset=1, accumulate="float64"),
    NmsRule(comparison="one_minus", layout="cxcywh", nan_overlap="drop"),
    NmsRule(comparison="greater_equal", guard="positive_areas", corner_order="sorted"),
)
ROI_ALIGN_RULES = (
    RoiAlignRule(),
    RoiAlignRule(half_pixel=0.5, min_size="none", negative_size="allow"),
    RoiAlignRule(end_offset=1, min_size="none", grid="floor", count="product"),
    RoiAlignRule(reduction="maximum", unusable_sample="skip"),
)


def results() -> list[Any]:
    """Arrays of all kinds, sizes beside and beyond the width of a vector register."""
    arrays: list[Any] = []
    for family in BOXES:
        rng = generator("levels", family)
        for count in (1, 7, 16, 33, 300):
            for dtype in DTYPES:
                boxes = BOXES[family](rng, count, dtype)
                scores = SCORES["tied"](rng, count, dtype)
                for rule in NMS_RULES:
                    threshold = float(rng.integers(0, 11) / 10)
                    arrays += nms(LAYER, boxes, scores, threshold, rule=rule)
    for family in ROIS:
        rng = generator("levels", family)
        for dtype in DTYPES:
            image, rois = features(rng, dtype), ROIS[family](rng, 67, dtype)
            for rule in ROI_ALIGN_RULES:
                for ratio in (2, 0) if family != "half_inverted" else (2,):
                    arrays += roi_align(LAYER, image, rois, 3, 5, 0.7, ratio, rule=rule)
    return arrays


def digest(arrays: list[Any]) -> str:
    """One digest of all bits; every NaN counts as the same one."""
    sha = hashlib.sha256()
    for array in arrays:
        sha.update(str((array.dtype, array.shape)).encode())
        is_nan = np.isnan(array)
        sha.update(np.where(is_nan, array.dtype.type(0), array).tobytes() + is_nan.tobytes())
    return sha.hexdigest()


if __name__ == "__main__":
    print(cpu_level(), digest(results()))
