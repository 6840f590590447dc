"""Where our decoding leaves the real one on purpose."""

from __future__ import annotations

import numpy as np
import pytest
from real_frameworks import mindspore

from opsbridge.errors import ArgumentError
from opsbridge.mindspore.ops import BoundingBoxDecode, bounding_box_decode


def test_negative_max_shape() -> None:
    anchors, deltas = np.array([[0, 0, 5, 5]], np.float32), np.zeros((1, 4), np.float32)
    tensors = mindspore().Tensor(anchors), mindspore().Tensor(deltas)
    assert mindspore().ops.BoundingBoxDecode((-4, -3))(*tensors).asnumpy().tolist() == [
        [0.0, 0.0, 5.0, 5.0]
    ]
    message = "^BoundingBoxDecode: max_shape is -4; it must be at least 0$"
    with pytest.raises(ArgumentError, match=message):
        BoundingBoxDecode((-4, -3))(anchors, deltas)
    with pytest.raises(ArgumentError, match=r"max_shape is -3; it must be at least 0$"):
        bounding_box_decode(anchors, deltas, (4, -3))
