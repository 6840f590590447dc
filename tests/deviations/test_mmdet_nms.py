"""Where our suppression in the form of MMDetection 1 leaves the real one on purpose."""

from __future__ import annotations

import numpy as np
import pytest

from opsbridge.errors import ArgumentError
from opsbridge.mmdet.ops import nms

BOXES = np.array([[0, 0, 4, 4], [0, 0, 4, 4]], np.float32)
SCORES = np.array([0.9, 0.8], np.float32)


DETS = np.column_stack((BOXES, SCORES))


def test_nan_threshold() -> None:
    with pytest.raises(ArgumentError, match=r"^nms: iou_thr is nan"):
        nms(DETS, float("nan"))


def test_device_id() -> None:
    """An IoU of exactly the threshold drops a box, as without a device."""
    dets = np.array([[0, 0, 9, 9, 0.75], [0, 0, 9, 4, 0.5]], np.float32)
    for device_id in (None, 0):
        assert nms(dets, 0.5, device_id)[1].tolist() == [0]
