"""`cv2.dnn` for PyTorch tensors, NumPy arrays, MindSpore tensors and lists."""

from opsbridge.frontend import api

__all__ = ["NMSBoxes", "NMSBoxesBatched"]

NMSBoxes = api("opencv/NMSBoxes", __name__)
NMSBoxesBatched = api("opencv/NMSBoxesBatched", __name__)
