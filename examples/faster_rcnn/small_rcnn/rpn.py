"""The region proposal network: one head for all levels, and its losses."""

import mindspore.common.dtype as mstype
import mindspore.nn as nn
import numpy as np
from mindspore import Tensor
from mindspore.common.initializer import initializer
from mindspore.ops import functional as F
from mindspore.ops import operations as P


class RegionHead(nn.Cell):
    """Objectness and box deltas of every anchor of a level."""

    def __init__(self, channels, anchors_per_place):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, pad_mode="same", has_bias=True)
        self.cls = nn.Conv2d(
            channels,
            anchors_per_place,
            1,
            has_bias=True,
            weight_init=initializer("Normal", [anchors_per_place, channels, 1, 1], mstype.float32),
            bias_init="zeros",
        )
        self.reg = nn.Conv2d(
            channels, anchors_per_place * 4, 1, has_bias=True, weight_init="Normal"
        )
        self.relu = nn.ReLU()
        self.transpose = P.Transpose()
        self.reshape = P.Reshape()

    def construct(self, features):
        """Scores (N, anchors) and deltas (N, anchors, 4), in the order of the anchors."""
        batch = F.shape(features)[0]
        hidden = self.relu(self.conv(features))
        scores = self.transpose(self.cls(hidden), (0, 2, 3, 1))
        deltas = self.transpose(self.reg(hidden), (0, 2, 3, 1))
        return self.reshape(scores, (batch, -1)), self.reshape(deltas, (batch, -1, 4))


class RegionTargets(nn.Cell):
    """What the anchors of one image should say: which are objects, and their deltas."""

    def __init__(self, config):
        super().__init__()
        self.positive_iou = config.rpn_positive_iou
        self.negative_iou = config.rpn_negative_iou
        self.iou = P.IOU()
        self.best_object = P.ArgMaxWithValue(axis=1)
        self.best_anchor = P.ArgMaxWithValue(axis=0)
        self.check_valid = P.CheckValid()
        self.encode = P.BoundingBoxEncode(means=(0.0, 0.0, 0.0, 0.0), stds=(1.0, 1.0, 1.0, 1.0))
        self.gather = P.Gather()
        self.greater_equal = P.GreaterEqual()
        self.less = P.Less()
        self.logical_and = P.LogicalAnd()
        self.logical_or = P.LogicalOr()
        self.logical_not = P.LogicalNot()
        self.cast = P.Cast()
        self.one_hot = P.OneHot(axis=0)
        self.reduce_max = P.ReduceMax()
        self.on, self.off = Tensor(1.0, mstype.float32), Tensor(0.0, mstype.float32)

    def construct(self, anchors, image_meta, objects, object_valid):
        overlaps = self.iou(objects, anchors)
        index, best = self.best_object(overlaps)
        anchor_index, _ = self.best_anchor(overlaps)
        # Every object has one anchor at least, however little they overlap.
        forced = self.one_hot(
            self.cast(anchor_index, mstype.int32), F.shape(anchors)[0], self.on, self.off
        )
        forced = forced * self.cast(object_valid, mstype.float32)
        forced = self.reduce_max(forced, 1) > 0.5
        inside = self.check_valid(anchors, image_meta)
        inside = self.cast(inside, mstype.bool_)
        positive = self.logical_or(self.greater_equal(best, self.positive_iou), forced)
        positive = self.logical_and(positive, inside)
        negative = self.logical_and(self.less(best, self.negative_iou), inside)
        negative = self.logical_and(negative, self.logical_not(positive))
        matched = self.gather(objects, self.cast(index, mstype.int32), 0)
        deltas = self.encode(anchors, matched)
        return self.cast(positive, mstype.float32), self.cast(negative, mstype.float32), deltas


class RegionProposalNetwork(nn.Cell):
    """The head on all levels; in training also the two losses."""

    def __init__(self, config, anchors):
        super().__init__()
        self.batch_size = config.batch_size
        # One Cell for all levels: its parameters are shared.
        head = RegionHead(config.fpn_channels, len(config.anchor_ratios))
        self.heads = nn.CellList([head for _ in config.strides])
        self.targets = RegionTargets(config)
        self.anchors = Tensor(np.concatenate(anchors))
        self.concat = P.Concat(axis=1)
        self.cross_entropy = P.SigmoidCrossEntropyWithLogits()
        self.smooth_l1 = P.SmoothL1Loss(beta=1.0 / 9.0)
        self.reduce_sum = P.ReduceSum()
        self.expand_dims = P.ExpandDims()
        self.zero = Tensor(0.0, mstype.float32)

    def construct(self, levels, image_metas, objects, object_valids):
        scores, deltas = (), ()
        for i, features in enumerate(levels):
            level_scores, level_deltas = self.heads[i](features)
            scores += (level_scores,)
            deltas += (level_deltas,)
        cls_loss, reg_loss = self.zero, self.zero
        if self.training:
            all_scores, all_deltas = self.concat(scores), self.concat(deltas)
            for i in range(self.batch_size):
                positive, negative, wanted = self.targets(
                    self.anchors, image_metas[i], objects[i], object_valids[i]
                )
                positive, negative = F.stop_gradient(positive), F.stop_gradient(negative)
                count = self.reduce_sum(positive, (0,)) + 1.0
                weights = positive / count + negative / (self.reduce_sum(negative, (0,)) + 1.0)
                entropy = self.cross_entropy(all_scores[i], positive)
                cls_loss += self.reduce_sum(entropy * weights, (0,))
                distance = self.smooth_l1(all_deltas[i], F.stop_gradient(wanted))
                distance = distance * self.expand_dims(positive, -1)
                reg_loss += self.reduce_sum(distance, (0, 1)) / count
        return scores, deltas, cls_loss / self.batch_size, reg_loss / self.batch_size
