"""From scores and deltas of all anchors to a fixed number of proposals of each image."""

import mindspore.common.dtype as mstype
import mindspore.nn as nn
import numpy as np
from mindspore import Tensor
from mindspore.ops import operations as P


class ProposalGenerator(nn.Cell):
    """The best anchors of every level, decoded, then non-maximum suppression over all."""

    def __init__(self, config, anchors):
        super().__init__()
        self.batch_size = config.batch_size
        self.count = config.proposals
        # A tuple of constants.
        self.anchors = tuple(Tensor(level) for level in anchors)
        self.top = [min(config.proposals_per_level, len(level)) for level in anchors]
        self.decode = P.BoundingBoxDecode(
            max_shape=config.image_shape, means=(0.0, 0.0, 0.0, 0.0), stds=(1.0, 1.0, 1.0, 1.0)
        )
        self.nms = P.NMSWithMask(config.proposal_nms_iou)
        self.topk = P.TopK(sorted=True)
        self.sigmoid = P.Sigmoid()
        self.gather = P.Gather()
        self.concat_boxes = P.Concat(axis=0)
        self.concat_columns = P.Concat(axis=1)
        self.expand_dims = P.ExpandDims()
        self.select = P.Select()
        self.split = P.Split(axis=1, output_num=5)
        self.squeeze = P.Squeeze(1)
        self.greater = P.Greater()
        total = sum(self.top)
        self.suppressed = Tensor(np.full(total, -1.0), mstype.float32)

    def construct(self, scores, deltas):
        """For each image the boxes (count, 4) and which of them are proposals (count,)."""
        boxes, masks = (), ()
        for i in range(self.batch_size):
            image_boxes, image_mask = self.of_one_image(i, scores, deltas)
            boxes += (image_boxes,)
            masks += (image_mask,)
        return boxes, masks

    def of_one_image(self, i, scores, deltas):
        rows = ()
        for level, anchors in enumerate(self.anchors):
            values, index = self.topk(self.sigmoid(scores[level][i]), self.top[level])
            kept_deltas = self.gather(deltas[level][i], index, 0)
            decoded = self.decode(self.gather(anchors, index, 0), kept_deltas)
            rows += (self.concat_columns((decoded, self.expand_dims(values, -1))),)
        ordered, _, mask = self.nms(self.concat_boxes(rows))
        kept = self.select(mask, self.squeeze(self.split(ordered)[4]), self.suppressed)
        best, index = self.topk(kept, self.count)
        return self.gather(ordered, index, 0)[:, 0:4:1], self.greater(best, 0.0)
