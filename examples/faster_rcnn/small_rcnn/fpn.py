"""The feature pyramid: all levels with the same number of channels."""

import mindspore.nn as nn
from mindspore.ops import operations as P


class FeaturePyramid(nn.Cell):
    """Features of four stages to five levels; the last is the fourth at half size."""

    def __init__(self, in_channels, out_channels, feature_shapes):
        super().__init__()
        self.lateral = nn.CellList([])
        self.output = nn.CellList([])
        for channels in in_channels:
            self.lateral.append(
                nn.Conv2d(channels, out_channels, 1, has_bias=True, pad_mode="valid")
            )
            self.output.append(
                nn.Conv2d(out_channels, out_channels, 3, has_bias=True, pad_mode="same")
            )
        self.resize = [
            P.ResizeNearestNeighbor(shape) for shape in feature_shapes[: len(in_channels) - 1]
        ]
        self.smaller = P.MaxPool(kernel_size=1, strides=2, pad_mode="same")

    def construct(self, inputs):
        levels = ()
        for i, features in enumerate(inputs):
            levels += (self.lateral[i](features),)
        merged = (levels[-1],)
        for i in range(len(levels) - 2, -1, -1):
            merged = (levels[i] + self.resize[i](merged[0]),) + merged
        outputs = ()
        for i, features in enumerate(merged):
            outputs += (self.output[i](features),)
        return outputs + (self.smaller(outputs[-1]),)
