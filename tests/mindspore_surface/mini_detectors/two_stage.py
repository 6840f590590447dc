"""Two stages: proposals of one head on several levels, then a classifier of pooled regions.

In it: a head whose weights all levels share, a tuple of constants, `+=` on a constant, a child that
is replaced after it was attached, attributes named as methods of torch.nn.Module.
"""

import mindspore.common.dtype as mstype
import mindspore.nn as nn
import numpy as np
from mindspore import Tensor
from mindspore.common.initializer import initializer
from mindspore.ops import functional as F
from mindspore.ops import operations as P

SIZE = (32, 48)
STRIDES = (4, 8)
PROPOSALS = 12


def anchors(stride, size):
    y, x = np.meshgrid(np.arange(0, SIZE[0], stride), np.arange(0, SIZE[1], stride), indexing="ij")
    centers = np.stack([x, y], -1).reshape(-1, 2) + stride / 2
    return np.concatenate([centers - size / 2, centers + size / 2], -1).astype(np.float32)


class Trunk(nn.Cell):
    def __init__(self):
        super().__init__()
        self.first = nn.SequentialCell(
            [nn.Conv2d(3, 6, 3, 2), nn.BatchNorm2d(6, momentum=0.1), nn.ReLU()]
        )
        self.pool = nn.MaxPool2d(2, 2, "same")
        self.half = nn.Conv2d(6, 6, 3, 2, has_bias=True)
        self.end_point = nn.Conv2d(6, 3, 1)

    def construct(self, x):
        x = self.pool(self.first(x))
        return x, self.end_point(self.half(x))


class Head(nn.Cell):
    def __init__(self):
        super().__init__()
        weight = initializer("HeNormal", [6, 6, 3, 3], mstype.float32).init_data()
        self.conv = nn.Conv2d(6, 6, 3, has_bias=True, weight_init=weight)
        self.cls = nn.Conv2d(6, 1, 1, has_bias=True)
        self.reg = nn.Conv2d(6, 4, 1, has_bias=True)
        self.type = P.ReLU()

    def construct(self, x):
        x = self.type(self.conv(x))
        return self.cls(x), self.reg(x)


class TwoStage(nn.Cell):
    def __init__(self):
        super().__init__()
        self.trunk = Trunk()
        # Attached already, then replaced: its parameters lose the prefix `trunk.`.
        self.trunk.end_point = nn.Conv2d(6, 6, 1, has_bias=True)
        head = Head()
        self.heads = nn.CellList([head, head])
        self.classify = nn.Dense(6 * 9, 4, activation="relu")
        self.train = nn.Dense(4, 3)
        self.anchors = tuple(Tensor(anchors(s, 3 * s)) for s in STRIDES)
        self.loss = Tensor(0.0, mstype.float32)
        zeros, ones = (0.0,) * 4, (1.0,) * 4
        self.decode = P.BoundingBoxDecode(max_shape=SIZE, means=zeros, stds=ones)
        self.nms = P.NMSWithMask(0.6)
        self.roi_align = P.ROIAlign(3, 3, 1.0 / STRIDES[0], 2)
        self.topk = P.TopK(sorted=True)
        self.sigmoid = P.Sigmoid()
        self.concat, self.columns = P.Concat(axis=0), P.Concat(axis=1)
        self.transpose, self.reshape = P.Transpose(), P.Reshape()
        self.gather, self.cast = P.Gather(), P.Cast()
        self.flatten = P.Flatten()
        self.softmax = P.Softmax(axis=1)
        self.square, self.mean = P.Square(), P.ReduceMean()

    def construct(self, image):
        levels = self.trunk(image)
        rows, loss = (), self.loss
        for i, features in enumerate(levels):
            scores, deltas = self.heads[i](features)
            scores = self.sigmoid(self.reshape(self.transpose(scores, (0, 2, 3, 1)), (-1, 1)))
            deltas = self.reshape(self.transpose(deltas, (0, 2, 3, 1)), (-1, 4))
            loss += self.mean(self.square(scores)) + self.mean(self.square(deltas))
            decoded = self.decode(self.anchors[i], F.stop_gradient(deltas))
            rows += (self.columns((decoded, F.stop_gradient(scores))),)
        ordered, _, mask = self.nms(self.concat(rows))
        kept, index = self.topk(ordered[:, 4] * self.cast(mask, mstype.float32), PROPOSALS)
        boxes = self.gather(ordered, index, 0)[:, 0:4:1]
        batch = F.fill(mstype.float32, (PROPOSALS, 1), 0.0)
        pooled = self.roi_align(levels[0], self.columns((batch, boxes)))
        shares = self.softmax(self.train(self.classify(self.flatten(pooled))))
        if self.training:
            loss += self.mean(self.square(shares))
            return loss
        return boxes, kept, shares
