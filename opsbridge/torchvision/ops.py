"""`torchvision.ops` for PyTorch tensors, NumPy arrays and MindSpore tensors."""

from opsbridge.frontend import api
from opsbridge.torchvision.multiscale import MultiScaleRoIAlign

__all__ = [
    "MultiScaleRoIAlign",
    "PSRoIAlign",
    "PSRoIPool",
    "RoIAlign",
    "RoIPool",
    "batched_nms",
    "box_area",
    "box_convert",
    "box_iou",
    "clip_boxes_to_image",
    "complete_box_iou",
    "distance_box_iou",
    "generalized_box_iou",
    "masks_to_boxes",
    "nms",
    "ps_roi_align",
    "ps_roi_pool",
    "remove_small_boxes",
    "roi_align",
    "roi_pool",
]

PSRoIAlign = api("torchvision/PSRoIAlign", __name__)
PSRoIPool = api("torchvision/PSRoIPool", __name__)
RoIAlign = api("torchvision/RoIAlign", __name__)
RoIPool = api("torchvision/RoIPool", __name__)
batched_nms = api("torchvision/batched_nms", __name__)
box_area = api("torchvision/box_area", __name__)
box_convert = api("torchvision/box_convert", __name__)
box_iou = api("torchvision/box_iou", __name__)
clip_boxes_to_image = api("torchvision/clip_boxes_to_image", __name__)
complete_box_iou = api("torchvision/complete_box_iou", __name__)
distance_box_iou = api("torchvision/distance_box_iou", __name__)
generalized_box_iou = api("torchvision/generalized_box_iou", __name__)
masks_to_boxes = api("torchvision/masks_to_boxes", __name__)
nms = api("torchvision/nms", __name__)
ps_roi_align = api("torchvision/ps_roi_align", __name__)
ps_roi_pool = api("torchvision/ps_roi_pool", __name__)
remove_small_boxes = api("torchvision/remove_small_boxes", __name__)
roi_align = api("torchvision/roi_align", __name__)
roi_pool = api("torchvision/roi_pool", __name__)
