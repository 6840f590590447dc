"""Where our IOU and iou leave the real ones on purpose."""

from __future__ import annotations

import numpy as np
import pytest
from real_frameworks import mindspore

from opsbridge.errors import ArgumentError
from opsbridge.mindspore.ops import IOU, iou


def test_unknown_mode() -> None:
    with pytest.raises(KeyError):
        mindspore().ops.IOU("giou")
    with pytest.raises(ArgumentError, match=r"^IOU: mode is 'giou'; allowed: 'iou', 'iof'$"):
        IOU("giou")
    boxes = np.zeros((1, 4), np.float32)
    with pytest.raises(ArgumentError, match=r"^iou: mode is 'giou'; allowed: 'iou', 'iof'$"):
        iou(boxes, boxes, "giou")
