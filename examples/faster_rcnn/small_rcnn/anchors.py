"""Anchor boxes of all places of all levels."""

import numpy as np


def level_anchors(feature_shape, stride, scale, ratios):
    """Boxes (height * width * ratios, 4), the ratios of one place one after the other."""
    size = stride * scale
    halves = np.array([(size / ratio**0.5 / 2, size * ratio**0.5 / 2) for ratio in ratios])
    height, width = feature_shape
    y, x = np.meshgrid(np.arange(height) * stride, np.arange(width) * stride, indexing="ij")
    centers = np.stack([x, y], -1).reshape(-1, 1, 2)
    boxes = np.concatenate([centers - halves, centers + halves], -1)
    return boxes.reshape(-1, 4).astype(np.float32)


def pyramid_anchors(config):
    """A list of the boxes of each level."""
    return [
        level_anchors(shape, stride, config.anchor_scale, config.anchor_ratios)
        for shape, stride in zip(config.feature_shapes, config.strides)
    ]
