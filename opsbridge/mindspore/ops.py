"""`mindspore.ops` for MindSpore tensors, PyTorch tensors and NumPy arrays."""

from opsbridge.frontend import api

__all__ = ["NMSWithMask", "ROIAlign"]

NMSWithMask = api("mindspore/NMSWithMask", __name__)
ROIAlign = api("mindspore/ROIAlign", __name__)
