"""Train the detector for some steps on synthetic images and save a checkpoint.

python train.py [--steps 10] [--checkpoint small_rcnn.ckpt]
"""

import argparse

import mindspore as ms
from mindspore import context
from small_rcnn.config import Config
from small_rcnn.detector import FasterRCNN, trainer
from small_rcnn.synthetic import batch


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--checkpoint", default="small_rcnn.ckpt")
    parser.add_argument("--start", default="", help="a checkpoint to start from")
    arguments = parser.parse_args()
    context.set_context(mode=context.PYNATIVE_MODE, device_target="CPU")
    ms.set_seed(1)
    config = Config()
    network = FasterRCNN(config)
    if arguments.start:
        ms.load_param_into_net(network, ms.load_checkpoint(arguments.start))
    step = trainer(config, network)
    for number in range(arguments.steps):
        print(f"step {number}: loss {float(step(*batch(config, number)).asnumpy()):.6f}")
    ms.save_checkpoint(network, arguments.checkpoint)


if __name__ == "__main__":
    main()
