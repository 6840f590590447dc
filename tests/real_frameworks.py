"""The installed frameworks behind plain NumPy functions, so that a test compares arrays only."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

Array = npt.NDArray[Any]

TORCHVISION_MISSING = "compares with the real torchvision, which is not installed"
MINDSPORE_MISSING = "compares with the real MindSpore, which is not installed"


@functools.cache
def torchvision_ops() -> Any:
    """The real ``torchvision.ops``; the test is skipped where it is not installed."""
    return pytest.importorskip("torchvision", reason=TORCHVISION_MISSING).ops


@functools.cache
def mindspore() -> Any:
    """The real MindSpore; the test is skipped where it is not installed."""
    return pytest.importorskip("mindspore", reason=MINDSPORE_MISSING)


def torch_tensor(array: Array) -> Any:
    """A torch tensor with its own memory."""
    torch = pytest.importorskip("torch", reason=TORCHVISION_MISSING)
    return torch.from_numpy(np.array(array))


def torchvision_nms(boxes: Array, scores: Array, iou_threshold: float) -> Array:
    """Kept indices of the real ``torchvision.ops.nms``."""
    keep = torchvision_ops().nms(torch_tensor(boxes), torch_tensor(scores), iou_threshold)
    return np.asarray(keep.numpy())


def torchvision_roi_align(features: Array, rois: Array, *arguments: Any, **options: Any) -> Array:
    """Result of the real ``torchvision.ops.roi_align``."""
    roi_align = torchvision_ops().roi_align
    pooled = roi_align(torch_tensor(features), torch_tensor(rois), *arguments, **options)
    return np.asarray(pooled.numpy())


def mindspore_nms(bboxes: Array, iou_threshold: float) -> tuple[Array, Array, Array]:
    """The three results of the real ``mindspore.ops.NMSWithMask``."""
    operator = mindspore_operator("NMSWithMask", iou_threshold)
    boxes, positions, selected = operator(mindspore().Tensor(bboxes))
    return boxes.asnumpy(), positions.asnumpy(), selected.asnumpy()


def mindspore_roi_align(features: Array, rois: Array, *arguments: Any) -> Array:
    """Result of the real ``mindspore.ops.ROIAlign``."""
    tensor = mindspore().Tensor
    operator = mindspore_operator("ROIAlign", *arguments)
    return np.asarray(operator(tensor(features), tensor(rois)).asnumpy())


@functools.lru_cache(maxsize=1024)
def mindspore_operator(name: str, *arguments: Any) -> Any:
    """One operator for one set of arguments: MindSpore prepares each anew, which takes long."""
    return getattr(mindspore().ops, name)(*arguments)
