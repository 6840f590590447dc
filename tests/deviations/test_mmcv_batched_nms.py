"""Where our mmcv-shaped class-aware suppression leaves the real one on purpose."""

from __future__ import annotations

import numpy as np
import pytest

from opsbridge.errors import ArgumentError, DtypeError
from opsbridge.mmcv.ops import batched_nms

BOXES = np.array([[0, 0, 4, 4], [0, 0, 4, 4]], np.float32)
SCORES = np.array([0.9, 0.8], np.float32)


def test_no_boxes() -> None:
    dets, keep = batched_nms(BOXES[:0], SCORES[:0], np.zeros(0, np.int64), {"iou_threshold": 0.5})
    assert (dets.shape, dets.dtype, keep.shape, keep.dtype) == ((0, 5), "float32", (0,), "int64")


@pytest.mark.parametrize("split_thr", [1, 10])
def test_nan_class(split_thr: int) -> None:
    idxs = np.array([0, np.nan], np.float32)
    with pytest.raises(ArgumentError, match=r"^batched_nms: idxs\[1\] is nan; groups must be"):
        batched_nms(BOXES, SCORES, idxs, {"iou_threshold": 0.5, "split_thr": split_thr})


def test_nan_threshold() -> None:
    with pytest.raises(ArgumentError, match=r"^batched_nms: iou_threshold is nan"):
        batched_nms(BOXES, SCORES, np.zeros(2, np.int64), {"iou_threshold": float("nan")})


def test_score_dtype() -> None:
    with pytest.raises(DtypeError, match=r"^batched_nms: scores is float64; allowed: float32"):
        batched_nms(BOXES, SCORES.astype(np.float64), np.zeros(2, np.int64), None)
