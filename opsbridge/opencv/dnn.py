"""`cv2.dnn` for PyTorch tensors, NumPy arrays, MindSpore tensors and lists."""

from opsbridge.frontend import api

__all__ = [
    "NMSBoxes",
    "NMSBoxesBatched",
    "SoftNMSMethod_SOFTNMS_GAUSSIAN",
    "SoftNMSMethod_SOFTNMS_LINEAR",
    "softNMSBoxes",
]

NMSBoxes = api("opencv/NMSBoxes", __name__)
NMSBoxesBatched = api("opencv/NMSBoxesBatched", __name__)
softNMSBoxes = api("opencv/softNMSBoxes", __name__)

SoftNMSMethod_SOFTNMS_LINEAR = 1
SoftNMSMethod_SOFTNMS_GAUSSIAN = 2
