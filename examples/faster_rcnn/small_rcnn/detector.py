"""The whole detector, and the Cell that trains it."""

import mindspore as ms
import mindspore.nn as nn
import mindspore.ops as ops
from mindspore.ops import functional as F
from mindspore.ops import operations as P

from .anchors import pyramid_anchors
from .backbone import Backbone
from .fpn import FeaturePyramid
from .proposals import ProposalGenerator
from .rcnn import Detections, RegionAssigner, RegionClassifier, with_batch_index
from .roi_extractor import RoIExtractor
from .rpn import RegionProposalNetwork


class FasterRCNN(nn.Cell):
    """Images (N, 3, H, W) to detections; in training to four losses.

    image_metas are (N, 3): height, width, ratio. objects (N, G, 4) are boxes, of which
    object_valids (N, G) tells the real ones; labels (N, G) start at 1.
    """

    def __init__(self, config):
        super().__init__()
        self.config = config
        anchors = pyramid_anchors(config)
        self.backbone = Backbone(config.stage_channels)
        self.fpn = FeaturePyramid(config.stage_channels, config.fpn_channels, config.feature_shapes)
        self.rpn = RegionProposalNetwork(config, anchors)
        self.proposals = ProposalGenerator(config, anchors)
        self.roi_extractor = RoIExtractor(config)
        self.assigner = RegionAssigner(config)
        self.rcnn = RegionClassifier(config)
        self.detections = Detections(config)
        self.concat = P.Concat(axis=0)
        self.cast, self.ones_like = P.Cast(), P.OnesLike()

    def construct(self, images, image_metas, objects, labels, object_valids):
        levels = self.fpn(self.backbone(images))
        scores, deltas, rpn_cls_loss, rpn_reg_loss = self.rpn(
            levels, image_metas, objects, object_valids
        )
        boxes, valid = self.proposals(scores, deltas)
        if self.training:
            cls_loss, reg_loss = self.region_losses(
                levels, boxes, valid, objects, labels, object_valids
            )
            return rpn_cls_loss, rpn_reg_loss, cls_loss, reg_loss
        return self.detect(levels, boxes, valid)

    def region_losses(self, levels, boxes, valid, objects, labels, object_valids):
        rois, classes, wanted, weights = (), (), (), ()
        for i in range(self.config.batch_size):
            # The objects themselves are regions, too.
            regions = F.stop_gradient(self.concat((boxes[i], objects[i])))
            label, delta = self.assigner(regions, objects[i], labels[i])
            rois += (with_batch_index(regions, i),)
            classes += (label,)
            wanted += (delta,)
            weights += (self.concat((valid[i], object_valids[i])),)
        cls, reg = self.rcnn(self.roi_extractor(self.concat(rois), levels))
        return self.rcnn.loss(
            cls,
            reg,
            F.stop_gradient(self.concat(classes)),
            F.stop_gradient(self.concat(wanted)),
            F.stop_gradient(self.concat(weights)),
        )

    def detect(self, levels, boxes, valid):
        rois = ()
        for i in range(self.config.batch_size):
            rois += (with_batch_index(boxes[i], i),)
        cls, reg = self.rcnn(self.roi_extractor(self.concat(rois), levels))
        count = self.config.proposals
        found, masks = (), ()
        for i in range(self.config.batch_size):
            rows, mask = self.detections(
                boxes[i],
                valid[i],
                cls[i * count : (i + 1) * count],
                reg[i * count : (i + 1) * count],
            )
            found += (rows,)
            masks += (mask,)
        return ops.stack(found), ops.stack(masks)


class WithLoss(nn.Cell):
    """The sum of the losses."""

    def __init__(self, network):
        super().__init__(auto_prefix=False)
        self.network = network

    def construct(self, *inputs):
        rpn_cls, rpn_reg, cls, reg = self.network(*inputs)
        return rpn_cls + rpn_reg + cls + reg


class TrainOneStep(nn.Cell):
    """Gradients by the parameters of the optimizer, then its step; returns the loss."""

    def __init__(self, network, optimizer):
        super().__init__(auto_prefix=False)
        self.network = network
        self.network.set_grad()
        self.optimizer = optimizer
        self.loss_and_gradients = ms.value_and_grad(network, None, optimizer.parameters)

    def construct(self, *inputs):
        loss, gradients = self.loss_and_gradients(*inputs)
        return ops.depend(loss, self.optimizer(gradients))


def trainer(config, network, learning_rate=0.02):
    """The network with losses, momentum and a list of learning rates that warms up."""
    rates = nn.warmup_lr(learning_rate, 1000, 2, 3)
    parameters = network.trainable_params()
    optimizer = nn.Momentum(parameters, rates, momentum=0.9, weight_decay=1e-4)
    return TrainOneStep(WithLoss(network), optimizer).set_train()
