"""`mindspore.ops` for MindSpore tensors, PyTorch tensors and NumPy arrays."""

from opsbridge.frontend import api

__all__ = [
    "IOU",
    "BoundingBoxDecode",
    "BoundingBoxEncode",
    "CheckValid",
    "CropAndResize",
    "NMSWithMask",
    "ROIAlign",
    "bounding_box_decode",
    "bounding_box_encode",
    "check_valid",
    "crop_and_resize",
    "iou",
]

BoundingBoxDecode = api("mindspore/BoundingBoxDecode", __name__)
BoundingBoxEncode = api("mindspore/BoundingBoxEncode", __name__)
CheckValid = api("mindspore/CheckValid", __name__)
CropAndResize = api("mindspore/CropAndResize", __name__)
IOU = api("mindspore/IOU", __name__)
NMSWithMask = api("mindspore/NMSWithMask", __name__)
ROIAlign = api("mindspore/ROIAlign", __name__)
bounding_box_decode = api("mindspore/bounding_box_decode", __name__)
bounding_box_encode = api("mindspore/bounding_box_encode", __name__)
check_valid = api("mindspore/check_valid", __name__)
crop_and_resize = api("mindspore/crop_and_resize", __name__)
iou = api("mindspore/iou", __name__)
