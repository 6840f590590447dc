"""Every front-end with arguments that are right, to be spoilt one at a time by the tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from framework_tensors import Array, to_tensor

from opsbridge.mindspore.ops import NMSWithMask, ROIAlign
from opsbridge.torchvision.ops import (
    PSRoIAlign,
    PSRoIPool,
    RoIAlign,
    RoIPool,
    nms,
    ps_roi_align,
    ps_roi_pool,
    roi_align,
    roi_pool,
)

BOXES = np.array([[0, 0, 4, 4], [0, 0, 3, 3], [0, 0, 2, 2]], np.float32)
SCORES = np.array([0.8, 0.7, 0.6], np.float32)
SCORED_BOXES = np.column_stack((BOXES, SCORES))
FEATURES = np.arange(64, dtype=np.float32).reshape(2, 2, 4, 4)
ROIS = np.array([[0, 0, 0, 2, 2], [1, 1, 1, 3, 3]], np.float32)


@dataclass(frozen=True)
class ApiCall:
    """One API: its tensors by name, its other arguments, and how to call it with both."""

    call: Callable[..., Any]
    tensors: dict[str, Array]
    settings: dict[str, Any]

    def __call__(self, framework: str, **changes: Any) -> Any:
        """Call with tensors of a framework; arrays among the changes become such tensors."""
        given = self.tensors | self.settings | changes
        return self.call(
            **{
                name: to_tensor(framework, value) if isinstance(value, np.ndarray) else value
                for name, value in given.items()
            }
        )


def _nms_with_mask(bboxes: Any, **settings: Any) -> Any:
    return NMSWithMask(**settings)(bboxes)


def _roi_align_class(input: Any, rois: Any, **settings: Any) -> Any:
    return RoIAlign(**settings)(input, rois)


def _on_regions(kind: Any) -> Callable[..., Any]:
    return lambda input, rois, **settings: kind(**settings)(input, rois)


def _mindspore_roi_align(features: Any, rois: Any, **settings: Any) -> Any:
    return ROIAlign(**settings)(features, rois)


APIS: dict[str, ApiCall] = {
    "nms": ApiCall(nms, {"boxes": BOXES, "scores": SCORES}, {"iou_threshold": 0.4}),
    "NMSWithMask": ApiCall(_nms_with_mask, {"bboxes": SCORED_BOXES}, {"iou_threshold": 0.4}),
    "roi_align": ApiCall(roi_align, {"input": FEATURES, "boxes": ROIS}, {"output_size": 2}),
    "RoIAlign": ApiCall(
        _roi_align_class,
        {"input": FEATURES, "rois": ROIS},
        {"output_size": 2, "spatial_scale": 1.0, "sampling_ratio": -1},
    ),
    "ROIAlign": ApiCall(
        _mindspore_roi_align,
        {"features": FEATURES, "rois": ROIS},
        {"pooled_height": 2, "pooled_width": 2, "spatial_scale": 1.0},
    ),
    "roi_pool": ApiCall(roi_pool, {"input": FEATURES, "boxes": ROIS}, {"output_size": 2}),
    "RoIPool": ApiCall(
        _on_regions(RoIPool),
        {"input": FEATURES, "rois": ROIS},
        {"output_size": 2, "spatial_scale": 1.0},
    ),
    "ps_roi_align": ApiCall(ps_roi_align, {"input": FEATURES, "boxes": ROIS}, {"output_size": 1}),
    "PSRoIAlign": ApiCall(
        _on_regions(PSRoIAlign),
        {"input": FEATURES, "rois": ROIS},
        {"output_size": 1, "spatial_scale": 1.0, "sampling_ratio": -1},
    ),
    "ps_roi_pool": ApiCall(ps_roi_pool, {"input": FEATURES, "boxes": ROIS}, {"output_size": 1}),
    "PSRoIPool": ApiCall(
        _on_regions(PSRoIPool),
        {"input": FEATURES, "rois": ROIS},
        {"output_size": 1, "spatial_scale": 1.0},
    ),
}
