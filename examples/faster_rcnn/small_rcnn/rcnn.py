"""The head that classifies regions and refines their boxes, its targets, losses and detections."""

import mindspore.common.dtype as mstype
import mindspore.nn as nn
import numpy as np
from mindspore import Tensor
from mindspore.ops import functional as F
from mindspore.ops import operations as P


class RegionAssigner(nn.Cell):
    """The class and the wanted deltas of every region of one image."""

    def __init__(self, config):
        super().__init__()
        self.positive_iou = config.rcnn_positive_iou
        self.iou = P.IOU()
        self.best = P.ArgMaxWithValue(axis=1)
        self.gather = P.Gather()
        self.cast = P.Cast()
        self.encode = P.BoundingBoxEncode(means=config.rcnn_means, stds=config.rcnn_stds)
        self.greater_equal = P.GreaterEqual()

    def construct(self, boxes, objects, labels):
        index, best = self.best(self.iou(objects, boxes))
        index = self.cast(index, mstype.int32)
        positive = self.cast(self.greater_equal(best, self.positive_iou), mstype.int32)
        wanted = self.encode(boxes, self.gather(objects, index, 0))
        return self.gather(labels, index, 0) * positive, wanted


class RegionClassifier(nn.Cell):
    """Pooled features (R, C, size, size) to scores (R, classes) and deltas (R, classes * 4)."""

    def __init__(self, config):
        super().__init__()
        size = config.fpn_channels * config.roi_size * config.roi_size
        self.num_classes = config.num_classes
        self.flatten = P.Flatten()
        self.shared1 = nn.Dense(size, config.rcnn_channels, activation="relu")
        self.shared2 = nn.Dense(config.rcnn_channels, config.rcnn_channels, activation="relu")
        self.cls = nn.Dense(config.rcnn_channels, config.num_classes, weight_init="Normal")
        self.reg = nn.Dense(config.rcnn_channels, config.num_classes * 4, weight_init="Normal")
        self.cross_entropy = P.SoftmaxCrossEntropyWithLogits()
        self.smooth_l1 = P.SmoothL1Loss(beta=1.0)
        self.one_hot = P.OneHot()
        self.reduce_sum = P.ReduceSum()
        self.reshape, self.expand_dims, self.cast = P.Reshape(), P.ExpandDims(), P.Cast()
        self.on, self.off = Tensor(1.0, mstype.float32), Tensor(0.0, mstype.float32)

    def construct(self, pooled):
        hidden = self.shared2(self.shared1(self.flatten(pooled)))
        return self.cls(hidden), self.reg(hidden)

    def loss(self, scores, deltas, labels, wanted, valid):
        """Mean cross entropy of valid regions, and smooth L1 of the deltas of objects."""
        weights = self.cast(valid, mstype.float32)
        count = self.reduce_sum(weights, (0,)) + 1.0
        one_hot = self.one_hot(labels, self.num_classes, self.on, self.off)
        entropy, _ = self.cross_entropy(scores, one_hot)
        cls_loss = self.reduce_sum(entropy * weights, (0,)) / count
        deltas = self.reshape(deltas, (-1, self.num_classes, 4))
        # The background, class 0, has no box.
        foreground = one_hot * self.expand_dims(self.cast(labels > 0, mstype.float32) * weights, -1)
        mine = self.reduce_sum(deltas * self.expand_dims(foreground, -1), (1,))
        wanted = wanted * self.reduce_sum(foreground, (1,)).reshape((-1, 1))
        reg_loss = self.reduce_sum(self.smooth_l1(mine, wanted), (0, 1)) / count
        return cls_loss, reg_loss


class Detections(nn.Cell):
    """Boxes, scores and a keep mask of every class of one image."""

    def __init__(self, config):
        super().__init__()
        self.num_classes = config.num_classes
        self.threshold = config.score_threshold
        self.decode = P.BoundingBoxDecode(
            max_shape=config.image_shape, means=config.rcnn_means, stds=config.rcnn_stds
        )
        self.nms = P.NMSWithMask(config.detection_nms_iou)
        self.softmax = P.Softmax(axis=1)
        self.concat = P.Concat(axis=1)
        self.stack = P.Stack(axis=0)
        self.select, self.cast = P.Select(), P.Cast()
        self.logical_and, self.greater = P.LogicalAnd(), P.Greater()
        self.none = Tensor(np.full((config.proposals, 1), -1.0), mstype.float32)

    def construct(self, boxes, valid, scores, deltas):
        """Boxes (classes - 1, R, 5) with scores, sorted, and which are detections."""
        shares = self.softmax(scores)
        rows, masks = (), ()
        for label in range(1, self.num_classes):
            decoded = self.decode(boxes, deltas[:, 4 * label : 4 * label + 4 : 1])
            score = self.select(valid.reshape((-1, 1)), shares[:, label : label + 1 : 1], self.none)
            ordered, _, mask = self.nms(self.concat((decoded, score)))
            rows += (ordered,)
            masks += (self.logical_and(mask, self.greater(ordered[:, 4], self.threshold)),)
        return self.stack(rows), self.stack(masks)


def with_batch_index(boxes, index):
    """Boxes (K, 4) as rois (K, 5)."""
    column = F.fill(mstype.float32, (boxes.shape[0], 1), float(index))
    return P.Concat(axis=1)((column, boxes))
