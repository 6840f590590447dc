"""Where our region align in detectron2's form leaves the real one on purpose."""

from __future__ import annotations

import numpy as np
import pytest

from opsbridge.detectron2.layers import ROIAlign
from opsbridge.errors import ArgumentError

MISSING = "compares with the real detectron2, which is not installed"
FEATURES = np.ones((1, 1, 4, 4), np.float32)
INVERTED = np.array([[0, 6, 1, 1, 6]], np.float32)


def test_nan_roi() -> None:
    rois = np.array([[0, 0, np.nan, 3, 3]], np.float32)
    with pytest.raises(ArgumentError, match=r"rois\[0\]\[2\] is nan"):
        ROIAlign(2, 1.0, 0)(FEATURES, rois)


def test_real_nan_roi() -> None:
    """With samples of a fixed number it can end the process: see the tests of torchvision's."""
    torch = pytest.importorskip("torch")
    real = pytest.importorskip("detectron2.layers", reason=MISSING).ROIAlign
    rois = torch.tensor([[0, 0, float("nan"), 3, 3]])
    assert not real(2, 1.0, 0)(torch.from_numpy(FEATURES), rois).any()


def test_inverted_one_axis() -> None:
    with pytest.raises(ArgumentError, match=r"rois\[0\] is .*inverted in one axis"):
        ROIAlign(2, 1.0, 0)(FEATURES, INVERTED)


def test_real_inverted_one_axis() -> None:
    torch = pytest.importorskip("torch")
    real = pytest.importorskip("detectron2.layers", reason=MISSING).ROIAlign
    with pytest.raises(RuntimeError):
        real(2, 1.0, 0)(torch.from_numpy(FEATURES), torch.from_numpy(INVERTED))
