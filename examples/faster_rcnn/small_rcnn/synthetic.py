"""Images with coloured rectangles, so that the example needs no data."""

import mindspore as ms
import numpy as np
from mindspore import Tensor

COLOURS = np.array([[1.0, -1.0, -1.0], [-1.0, 1.0, -1.0], [-1.0, -1.0, 1.0]], np.float32)


def batch(config, seed):
    """Images, metas, boxes, labels and valid flags of one batch."""
    rng = np.random.RandomState(seed)
    n, g = config.batch_size, config.max_objects
    height, width = config.image_shape
    images = rng.normal(0, 0.1, (n, 3, height, width)).astype(np.float32)
    boxes = np.full((n, g, 4), -1.0, np.float32)
    labels = np.zeros((n, g), np.int32)
    valid = np.zeros((n, g), bool)
    for i in range(n):
        for j in range(rng.randint(1, g + 1)):
            w, h = rng.randint(14, 40, 2)
            x, y = rng.randint(0, width - w), rng.randint(0, height - h)
            label = rng.randint(1, config.num_classes)
            images[i, :, y : y + h, x : x + w] += COLOURS[label - 1][:, None, None]
            boxes[i, j] = x, y, x + w - 1, y + h - 1
            labels[i, j], valid[i, j] = label, True
    metas = np.tile(np.array([height, width, 1.0], np.float32), (n, 1))
    return (
        Tensor(images),
        Tensor(metas),
        Tensor(boxes),
        Tensor(labels, ms.int32),
        Tensor(valid),
    )
