"""Detect on synthetic images with the weights of a checkpoint.

python detect.py small_rcnn.ckpt [--seed 100]
"""

import argparse

import mindspore as ms
from mindspore import context
from small_rcnn.config import Config
from small_rcnn.detector import FasterRCNN
from small_rcnn.synthetic import batch


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("checkpoint")
    parser.add_argument("--seed", type=int, default=100)
    arguments = parser.parse_args()
    context.set_context(mode=context.PYNATIVE_MODE, device_target="CPU")
    config = Config()
    network = FasterRCNN(config).set_train(False)
    ms.load_param_into_net(network, ms.load_checkpoint(arguments.checkpoint))
    rows, masks = network(*batch(config, arguments.seed))
    rows, masks = rows.asnumpy(), masks.asnumpy()
    for image in range(config.batch_size):
        for label in range(config.num_classes - 1):
            for x1, y1, x2, y2, score in rows[image, label][masks[image, label]]:
                print(
                    f"image {image} class {label + 1} score {score:.3f}"
                    f" box {x1:.1f} {y1:.1f} {x2:.1f} {y2:.1f}"
                )


if __name__ == "__main__":
    main()
