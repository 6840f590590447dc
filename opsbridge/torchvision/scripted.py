"""torchvision's functions as TorchScript compiles them; importing this defines their operators.

TorchScript needs source code with annotations, which functions made from tables do not have.
`torch.jit.script` finds these wrappers by itself. A saved program calls the operators, so a process
that loads one imports this module first.
"""

# No postponed annotations here: TorchScript reads them.

from typing import List, Union  # noqa: UP035

import torch
from torch import Tensor
from torch.jit.annotations import BroadcastingList2

from opsbridge import graphs
from opsbridge.torchvision import ops

FUNCTIONS = (ops.nms, ops.ps_roi_align, ops.ps_roi_pool, ops.roi_align, ops.roi_pool)
_CLASSES = (ops.PSRoIAlign, ops.PSRoIPool, ops.RoIAlign, ops.RoIPool)

for _api in (*FUNCTIONS, *_CLASSES):
    graphs.api_operator(_api)


def nms(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    return torch.ops.opsbridge.torchvision_nms(boxes, scores, iou_threshold)


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
