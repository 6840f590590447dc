"""Where our box coder in Paddle's form leaves the real one on purpose."""

from __future__ import annotations

import numpy as np
import pytest

from opsbridge.errors import DtypeError
from opsbridge.paddle.vision import box_coder_decode
from opsbridge.paddle.vision.ops import box_coder

PRIOR = np.array([[0, 0, 4, 4]])


def test_float64_with_shared_variances() -> None:
    offsets = np.array([[[1.0, 0, 0, 0]]])
    for decode in (
        lambda: box_coder(PRIOR * 1.0, [0.5, 1, 1, 1], offsets, "decode_center_size"),
        lambda: box_coder_decode(PRIOR * 1.0, [0.5, 1, 1, 1], offsets),
    ):
        assert decode().tolist() == [[[2, 0, 6, 4]]]


def test_mixed_dtypes() -> None:
    with pytest.raises(DtypeError, match=r"target_box is float64, but prior_box is float32"):
        box_coder(PRIOR.astype(np.float32), [1, 1, 1, 1], PRIOR * 1.0)
