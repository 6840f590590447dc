"""Two integers in a tensor are a size, as the real operators have it."""

from __future__ import annotations

import numpy as np
import pytest
from real_frameworks import MINDSPORE_MISSING, TORCHVISION_MISSING

from opsbridge.errors import DtypeError
from opsbridge.mindspore.ops import CropAndResize
from opsbridge.torchvision.ops import roi_align

FEATURES = np.arange(128, dtype=np.float32).reshape(1, 2, 8, 8)
ROIS = np.array([[0, 1, 1, 6, 7]], np.float32)
BOXES, FIRST = np.array([[0.1, 0.2, 0.8, 0.9]], np.float32), np.array([0], np.int32)
SIZE = np.array([2, 3], np.int32)


def test_roi_align_is_torchvisions() -> None:
    torch = pytest.importorskip("torch", reason=TORCHVISION_MISSING)
    real = pytest.importorskip("torchvision.ops", reason=TORCHVISION_MISSING).roi_align
    features, rois, size = map(torch.from_numpy, (FEATURES, ROIS, SIZE))
    assert torch.equal(roi_align(features, rois, size), real(features, rois, size))


def test_crop_and_resize_is_mindspores() -> None:
    ms = pytest.importorskip("mindspore", reason=MINDSPORE_MISSING)
    given = [ms.Tensor(each) for each in (FEATURES.transpose(0, 2, 3, 1), BOXES, FIRST, SIZE)]
    ours, theirs = CropAndResize()(*given), ms.ops.CropAndResize()(*given)
    np.testing.assert_array_equal(ours.asnumpy(), theirs.asnumpy())


@pytest.mark.parametrize("size", [np.array([2.0, 3.0]), np.array([[2, 3]]), np.array([])])
def test_other_arrays_are_no_size(size: np.ndarray) -> None:
    with pytest.raises(DtypeError, match=r"output_size is a ndarray .*pair of integers"):
        roi_align(FEATURES, ROIS, size)
