"""`cv2.dnn` for PyTorch tensors, NumPy arrays, MindSpore tensors and lists."""

from opsbridge.frontend import api

__all__ = ["NMSBoxes", "NMSBoxesBatched", "softNMSBoxes"]

NMSBoxes = api("opencv/NMSBoxes", __name__)
NMSBoxesBatched = api("opencv/NMSBoxesBatched", __name__)
softNMSBoxes = api("opencv/softNMSBoxes", __name__)

# What the argument `method` may be, by the names of OpenCV.
SoftNMSMethod_SOFTNMS_LINEAR = 1
SoftNMSMethod_SOFTNMS_GAUSSIAN = 2
