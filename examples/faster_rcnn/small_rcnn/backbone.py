"""A small residual network whose stages give features at strides 4, 8, 16 and 32."""

import mindspore.nn as nn
from mindspore.ops import operations as P


def convolution(in_channels, out_channels, kernel_size=3, stride=1):
    return nn.Conv2d(
        in_channels, out_channels, kernel_size, stride, pad_mode="same", weight_init="HeNormal"
    )


class ResidualBlock(nn.Cell):
    """Two convolutions, around which the input is added."""

    def __init__(self, in_channels, out_channels, stride):
        super().__init__()
        self.conv1 = convolution(in_channels, out_channels, stride=stride)
        self.bn1 = nn.BatchNorm2d(out_channels, momentum=0.9)
        self.conv2 = convolution(out_channels, out_channels)
        self.bn2 = nn.BatchNorm2d(out_channels, momentum=0.9)
        self.relu = P.ReLU()
        self.add = P.Add()
        self.down_sample = None
        if stride != 1 or in_channels != out_channels:
            self.down_sample = nn.SequentialCell(
                [
                    convolution(in_channels, out_channels, 1, stride),
                    nn.BatchNorm2d(out_channels, momentum=0.9),
                ]
            )

    def construct(self, x):
        identity = x
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        if self.down_sample is not None:
            identity = self.down_sample(x)
        return self.relu(self.add(out, identity))


class Backbone(nn.Cell):
    """Images (N, 3, H, W) to features of four stages."""

    def __init__(self, channels):
        super().__init__()
        self.stem = nn.SequentialCell(
            [
                convolution(3, channels[0], 7, 2),
                nn.BatchNorm2d(channels[0], momentum=0.9),
                nn.ReLU(),
            ]
        )
        self.pool = nn.MaxPool2d(kernel_size=3, stride=2, pad_mode="same")
        self.layer1 = ResidualBlock(channels[0], channels[0], 1)
        self.layer2 = ResidualBlock(channels[0], channels[1], 2)
        self.layer3 = ResidualBlock(channels[1], channels[2], 2)
        self.layer4 = ResidualBlock(channels[2], channels[3], 2)

    def construct(self, x):
        c2 = self.layer1(self.pool(self.stem(x)))
        c3 = self.layer2(c2)
        c4 = self.layer3(c3)
        c5 = self.layer4(c4)
        return c2, c3, c4, c5
