"""torchvision's functions as TorchScript compiles them; importing this defines their operators.

TorchScript needs source code with annotations, which functions made from tables do not have.
`torch.jit.script` finds these wrappers by itself. A saved program calls the operators, so a process
that loads one imports this module first.
"""

# No postponed annotations here: TorchScript reads them.

from typing import List, Tuple, Union  # noqa: UP035

import torch
from torch import Tensor
from torch.jit.annotations import BroadcastingList2

from opsbridge import graphs
from opsbridge.torchvision import ops

FUNCTIONS = (
    ops.batched_nms,
    ops.box_area,
    ops.box_convert,
    ops.box_iou,
    ops.clip_boxes_to_image,
    ops.complete_box_iou,
    ops.distance_box_iou,
    ops.generalized_box_iou,
    ops.masks_to_boxes,
    ops.nms,
    ops.ps_roi_align,
    ops.ps_roi_pool,
    ops.remove_small_boxes,
    ops.roi_align,
    ops.roi_pool,
)
_CLASSES = (ops.PSRoIAlign, ops.PSRoIPool, ops.RoIAlign, ops.RoIPool)

for _api in (*FUNCTIONS, *_CLASSES):
    graphs.api_operator(_api)


def nms(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    return torch.ops.opsbridge.torchvision_nms(boxes, scores, iou_threshold)


def batched_nms(boxes: Tensor, scores: Tensor, idxs: Tensor, iou_threshold: float) -> Tensor:
    return torch.ops.opsbridge.torchvision_batched_nms(boxes, scores, idxs, iou_threshold)


def remove_small_boxes(boxes: Tensor, min_size: float) -> Tensor:
    return torch.ops.opsbridge.torchvision_remove_small_boxes(boxes, min_size)


def clip_boxes_to_image(boxes: Tensor, size: Tuple[int, int]) -> Tensor:  # noqa: UP006
    return torch.ops.opsbridge.torchvision_clip_boxes_to_image(boxes, [size[0], size[1]])


def box_convert(boxes: Tensor, in_fmt: str, out_fmt: str) -> Tensor:
    return torch.ops.opsbridge.torchvision_box_convert(boxes, in_fmt, out_fmt)


def box_area(boxes: Tensor, fmt: str = "xyxy") -> Tensor:
    return torch.ops.opsbridge.torchvision_box_area(boxes, fmt)


def box_iou(boxes1: Tensor, boxes2: Tensor, fmt: str = "xyxy") -> Tensor:
    return torch.ops.opsbridge.torchvision_box_iou(boxes1, boxes2, fmt)


def generalized_box_iou(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    return torch.ops.opsbridge.torchvision_generalized_box_iou(boxes1, boxes2)


def distance_box_iou(boxes1: Tensor, boxes2: Tensor, eps: float = 1e-7) -> Tensor:
    return torch.ops.opsbridge.torchvision_distance_box_iou(boxes1, boxes2, eps)


def complete_box_iou(boxes1: Tensor, boxes2: Tensor, eps: float = 1e-7) -> Tensor:
    return torch.ops.opsbridge.torchvision_complete_box_iou(boxes1, boxes2, eps)


def masks_to_boxes(masks: Tensor) -> Tensor:
    return torch.ops.opsbridge.torchvision_masks_to_boxes(masks)


def roi_align(
    input: Tensor,
    boxes: Union[Tensor, List[Tensor]],  # noqa: UP006,UP007
    output_size: BroadcastingList2[int],
    spatial_scale: float = 1.0,
    sampling_ratio: int = -1,
    aligned: bool = False,
) -> Tensor:
    if isinstance(boxes, Tensor):
        return torch.ops.opsbridge.torchvision_roi_align(
            input, boxes, output_size, spatial_scale, sampling_ratio, aligned
        )
    return torch.ops.opsbridge.torchvision_roi_align(
        input, boxes, output_size, spatial_scale, sampling_ratio, aligned
    )


def ps_roi_align(
    input: Tensor,
    boxes: Union[Tensor, List[Tensor]],  # noqa: UP006,UP007
    output_size: BroadcastingList2[int],
    spatial_scale: float = 1.0,
    sampling_ratio: int = -1,
) -> Tensor:
    if isinstance(boxes, Tensor):
        return torch.ops.opsbridge.torchvision_ps_roi_align(
            input, boxes, output_size, spatial_scale, sampling_ratio
        )
    return torch.ops.opsbridge.torchvision_ps_roi_align(
        input, boxes, output_size, spatial_scale, sampling_ratio
    )


def ps_roi_pool(
    input: Tensor,
    boxes: Union[Tensor, List[Tensor]],  # noqa: UP006,UP007
    output_size: BroadcastingList2[int],
    spatial_scale: float = 1.0,
) -> Tensor:
    if isinstance(boxes, Tensor):
        return torch.ops.opsbridge.torchvision_ps_roi_pool(input, boxes, output_size, spatial_scale)
    return torch.ops.opsbridge.torchvision_ps_roi_pool(input, boxes, output_size, spatial_scale)


def roi_pool(
    input: Tensor,
    boxes: Union[Tensor, List[Tensor]],  # noqa: UP006,UP007
    output_size: BroadcastingList2[int],
    spatial_scale: float = 1.0,
) -> Tensor:
    if isinstance(boxes, Tensor):
        return torch.ops.opsbridge.torchvision_roi_pool(input, boxes, output_size, spatial_scale)
    return torch.ops.opsbridge.torchvision_roi_pool(input, boxes, output_size, spatial_scale)
