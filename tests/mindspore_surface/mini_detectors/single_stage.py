"""One stage on a short clip: volumes, then sequences, then a box for every place.

In it: BatchNorm3d, Conv3d, Conv1d with a 4-D weight, a transposed convolution, a child under two
names, a parameter with a name of its own, an upsampling by constants in a list.
"""

import mindspore.common.dtype as mstype
import mindspore.nn as nn
import numpy as np
from mindspore import Parameter, Tensor
from mindspore.ops import operations as P


class Clip(nn.Cell):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv3d(3, 4, (3, 3, 3), stride=(1, 2, 2), pad_mode="pad", padding=1)
        self.bn = nn.BatchNorm3d(4)
        self.relu = nn.ReLU()

    def construct(self, x):
        return self.relu(self.bn(self.conv(x)))


class SingleStage(nn.Cell):
    def __init__(self):
        super().__init__()
        self.clip = Clip()
        self.line = nn.SequentialCell([nn.Conv1d(4, 5, 3), nn.LeakyReLU(0.1)])
        self.up = nn.Conv2dTranspose(5, 4, 2, 2, has_bias=True)
        self.cls = nn.Conv2d(4, 3, 1, has_bias=True)
        self.centers = self.cls
        self.scale = Parameter(Tensor(np.full(4, 2.0, np.float32)), name="box_scale")
        self.reg = nn.Conv2d(4, 4, 1, has_bias=True, pad_mode="valid")
        self.grid = [Tensor(np.linspace(0, 1, 8).astype(np.float32)).reshape((1, 1, 8, 1))]
        self.mean = P.ReduceMean(keep_dims=False)
        self.reshape, self.exp, self.sigmoid = P.Reshape(), P.Exp(), P.Sigmoid()
        self.argmax = P.ArgMaxWithValue(axis=1)
        self.cast = P.Cast()

    def construct(self, clip):
        x = self.mean(self.clip(clip), 2)
        n, c, h, w = x.shape
        x = self.reshape(self.line(self.reshape(x, (n, c, h * w))), (n, 5, h, w))
        x = self.up(x) + self.grid[0]
        boxes = self.exp(self.reg(x)) * self.reshape(self.scale, (1, 4, 1, 1))
        label, score = self.argmax(self.sigmoid(self.centers(x)))
        if self.training:
            loss = Tensor(0.0, mstype.float32)
            loss += self.mean(boxes)
            loss += self.mean(score)
            return loss
        return boxes, self.cast(label, mstype.int32), score
