"""Where our cropping leaves the real one on purpose."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from real_frameworks import mindspore

from opsbridge.errors import ArgumentError
from opsbridge.mindspore.ops import CropAndResize, crop_and_resize

IMAGES = np.arange(1, 33, dtype=np.float32).reshape(2, 4, 4, 1)
INDEX = np.zeros(1, np.int32)


def real(box: list[float], method: str) -> list[float]:
    """The real operator, for one box of the first image."""
    tensors = [mindspore().Tensor(a) for a in (IMAGES, np.array([box], np.float32), INDEX)]
    result: list[float] = mindspore().ops.CropAndResize(method)(*tensors, (4, 4)).asnumpy().ravel()
    return list(result)


def bridged(box: list[float], method: str) -> list[float]:
    """Both shapes of our operator, which agree."""
    tensors: Any = IMAGES, np.array([box], np.float32), INDEX
    result = CropAndResize(method)(*tensors, (4, 4)).ravel().tolist()
    assert crop_and_resize(*tensors, (4, 4), method).ravel().tolist() == result
    return list(result)


def test_nonfinite_box() -> None:
    nan, inf = float("nan"), float("inf")
    assert np.isnan(real([nan, 0, 1, 1], "bilinear")).any()
    for box in ([nan, 0, 1, 1], [0, 0, inf, 1], [0, -1e10, 0, 1]):
        with pytest.raises(
            ArgumentError, match=r"boxes\[0\] is .*; box coordinates must be finite"
        ):
            bridged(box, "bilinear")
