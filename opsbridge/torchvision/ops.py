"""`torchvision.ops` for PyTorch tensors, NumPy arrays and MindSpore tensors."""

from opsbridge.frontend import api

__all__ = [
    "RoIAlign",
    "box_area",
    "box_convert",
    "box_iou",
    "clip_boxes_to_image",
    "complete_box_iou",
    "distance_box_iou",
    "generalized_box_iou",
    "masks_to_boxes",
    "nms",
    "remove_small_boxes",
    "roi_align",
]

RoIAlign = api("torchvision/RoIAlign", __name__)
box_area = api("torchvision/box_area", __name__)
box_convert = api("torchvision/box_convert", __name__)
box_iou = api("torchvision/box_iou", __name__)
clip_boxes_to_image = api("torchvision/clip_boxes_to_image", __name__)
complete_box_iou = api("torchvision/complete_box_iou", __name__)
distance_box_iou = api("torchvision/distance_box_iou", __name__)
generalized_box_iou = api("torchvision/generalized_box_iou", __name__)
masks_to_boxes = api("torchvision/masks_to_boxes", __name__)
nms = api("torchvision/nms", __name__)
remove_small_boxes = api("torchvision/remove_small_boxes", __name__)
roi_align = api("torchvision/roi_align", __name__)
