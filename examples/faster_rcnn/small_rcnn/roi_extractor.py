"""Features of regions, each from the level that fits its size."""

import math

import mindspore.common.dtype as mstype
import mindspore.nn as nn
import numpy as np
from mindspore import Tensor
from mindspore.ops import operations as P


class RoIExtractor(nn.Cell):
    """RoIAlign on the first four levels; rois are (batch index, x1, y1, x2, y2)."""

    def __init__(self, config):
        super().__init__()
        self.levels = len(config.strides) - 1
        self.layers = [
            P.ROIAlign(config.roi_size, config.roi_size, 1.0 / stride, config.roi_samples)
            for stride in config.strides[: self.levels]
        ]
        self.finest_scale = config.finest_scale
        self.log2 = Tensor(math.log(2.0), mstype.float32)
        self.small = Tensor(1e-6, mstype.float32)
        self.split = P.Split(axis=1, output_num=5)
        self.log, self.sqrt, self.floor = P.Log(), P.Sqrt(), P.Floor()
        self.cast, self.equal, self.select = P.Cast(), P.Equal(), P.Select()
        self.minimum, self.maximum = P.Minimum(), P.Maximum()
        self.tile, self.reshape = P.Tile(), P.Reshape()
        self.shape = (config.fpn_channels, config.roi_size, config.roi_size)
        self.one = Tensor(np.ones(1), mstype.float32)

    def construct(self, rois, features):
        target = self.level_of(rois)
        count = rois.shape[0]
        result = self.layers[0](features[0], rois)
        for level in range(1, self.levels):
            mask = self.reshape(self.equal(target, level), (count, 1, 1, 1))
            mask = self.tile(self.cast(mask, mstype.int32), (1,) + self.shape)
            aligned = self.layers[level](features[level], rois)
            result = self.select(self.cast(mask, mstype.bool_), aligned, result)
        return result

    def level_of(self, rois):
        _, x1, y1, x2, y2 = self.split(rois)
        area = (x2 - x1 + self.one) * (y2 - y1 + self.one)
        ratio = self.sqrt(area) / self.finest_scale
        level = self.floor(self.log(ratio) / self.log2 + self.small)
        level = self.maximum(self.cast(level, mstype.int32), 0)
        return self.minimum(level, self.levels - 1)
