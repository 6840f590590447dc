"""The network as a function without arguments, for `opsbridge compare` and `convert-checkpoint`."""

from small_rcnn.config import Config
from small_rcnn.detector import FasterRCNN


def build():
    return FasterRCNN(Config())
