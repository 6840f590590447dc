"""ONNX's operators as functions of PyTorch tensors, NumPy arrays and MindSpore tensors.

Inputs come in their order, then attributes by name. A name with a number is the operator as it was
from that version of the operator set on; without, it is today's.
"""

from opsbridge.frontend import api

__all__ = ["MaxRoiPool", "NonMaxSuppression", "RoiAlign", "RoiAlign_10"]

MaxRoiPool = api("onnx/MaxRoiPool", __name__)
NonMaxSuppression = api("onnx/NonMaxSuppression", __name__)
RoiAlign = api("onnx/RoiAlign", __name__)
RoiAlign_10 = api("onnx/RoiAlign_10", __name__)
