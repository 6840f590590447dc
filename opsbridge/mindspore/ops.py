"""`mindspore.ops`: detection operators on the kernel core, for tensors of every framework.

All other operators come from the tables and compute with PyTorch.
"""

from typing import Any

from opsbridge.frontend import api
from opsbridge.mindspore.names import look_up, module_of

CORE_OPERATORS = (
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
)
__all__ = [*CORE_OPERATORS]

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


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    return look_up(f"mindspore.ops.{name}")


def __dir__() -> list[str]:
    return dir(module_of("mindspore.ops"))
