"""One list of layers with arguments and inputs, run on real MindSpore and on the surface alike."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class LayerCase:
    """A layer, the shapes of its inputs, and how near the results must be.

    `kinds` says of each input what it holds: "normal" values, "share"s in (0, 1), "class" numbers
    below 3, "sign"s or "mask"s. Without `derive`, only the outputs are compared: where the real
    gradient is wrong.
    """

    name: str
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    shapes: tuple[tuple[int, ...], ...] = ((2, 4, 6, 7),)
    kinds: tuple[str, ...] = ("normal",)
    train: bool = False
    derive: bool = True
    tolerance: float = 2e-5

    def __str__(self) -> str:
        arguments = [*map(repr, self.args), *(f"{k}={v!r}" for k, v in self.kwargs.items())]
        return f"{self.name}({', '.join(arguments)})" + ("-train" if self.train else "")


def case(name: str, *args: Any, on: Any = None, kinds: Any = None, **kwargs: Any) -> LayerCase:
    """Return a case; `on` is one shape or several, `train` and `tolerance` are the case's."""
    train, tolerance = kwargs.pop("train", False), kwargs.pop("tolerance", 2e-5)
    shapes = on or (2, 4, 6, 7)
    shapes = shapes if isinstance(shapes[0], tuple) else (shapes,)
    derive = kwargs.pop("derive", True)
    return LayerCase(
        name, args, kwargs, shapes, kinds or ("normal",) * len(shapes), train, derive, tolerance
    )


LINE, VOLUME = (2, 4, 9), (2, 4, 5, 6, 7)
PAIR = ((5, 3), (5, 3))

CONVOLUTIONS = [
    case("Conv2d", 4, 6, 3),
    case("Conv2d", 4, 6, 3, has_bias=True, stride=2),
    case("Conv2d", 4, 6, (2, 3), 3, "same"),
    case("Conv2d", 4, 6, 3, pad_mode="valid", dilation=2),
    case("Conv2d", 4, 6, 3, pad_mode="same", dilation=2, stride=2),
    case("Conv2d", 4, 6, 3, pad_mode="pad", padding=1, group=2),
    case("Conv2d", 4, 6, 3, pad_mode="pad", padding=(1, 2, 0, 3), stride=(2, 1)),
    case("Conv1d", 4, 6, 3, on=LINE),
    case("Conv1d", 4, 6, 4, stride=2, has_bias=True, on=LINE),
    case("Conv1d", 4, 6, 3, pad_mode="pad", padding=2, on=LINE),
    case("Conv3d", 4, 6, 3, on=VOLUME),
    case("Conv3d", 4, 6, (1, 2, 3), stride=(1, 2, 2), pad_mode="valid", has_bias=True, on=VOLUME),
    case("Conv3d", 4, 6, 3, pad_mode="pad", padding=(1, 0, 2, 1, 0, 1), on=VOLUME),
    case("Conv2dTranspose", 4, 6, 3),
    case("Conv2dTranspose", 4, 6, 2, 2),
    case("Conv2dTranspose", 4, 6, 3, stride=2, has_bias=True),
    case("Conv2dTranspose", 4, 6, 2, stride=3),
    case("Conv2dTranspose", 4, 6, 3, stride=2, pad_mode="valid"),
    case("Conv2dTranspose", 4, 6, 3, stride=2, pad_mode="pad", padding=1, output_padding=1),
    case("Conv2dTranspose", 4, 6, 4, stride=2, pad_mode="pad", padding=(1, 2, 0, 1), group=2),
    case("Conv1dTranspose", 4, 6, 3, stride=2, on=LINE),
    case("Conv1dTranspose", 4, 6, 4, pad_mode="pad", padding=1, has_bias=True, on=LINE),
    case("Conv3dTranspose", 4, 6, 3, pad_mode="valid", on=VOLUME),
    case("Conv3dTranspose", 4, 6, 2, stride=2, pad_mode="pad", has_bias=True, on=VOLUME),
]
STEPS = [
    case("GRUCell", 3, 5, on=((2, 3), (2, 5))),
    case("RNNCell", 3, 5, nonlinearity="relu", on=((2, 3), (2, 5))),
    case("MultiheadAttention", 6, 2, on=((4, 2, 6),) * 3),
    case("MultiheadAttention", 6, 3, batch_first=True, kdim=4, vdim=5, has_bias=False,
         on=((2, 4, 6), (2, 3, 4), (2, 3, 5))),
    case("Norm", 1, on=(3, 4)),
]  # fmt: skip
DENSE = [
    case("BiDense", 3, 4, 2, on=((5, 3), (5, 4))),
    case("BiDense", 3, 4, 2, has_bias=False, on=((2, 5, 3), (2, 5, 4))),
    case("Dense", 7, 5),
    case("Linear", 7, 5),
    case("Linear", 7, 5, False, weight_init="ones", on=(3, 7)),
    case("Dense", 7, 5, has_bias=False, on=(3, 7)),
    case("Dense", 7, 5, activation="relu", on=(3, 7)),
]
TRANSFORMERS = [
    case("TransformerEncoderLayer", 8, 2, 16, 0.0, on=(5, 3, 8)),
    case("TransformerEncoderLayer", 8, 4, 12, activation="gelu", batch_first=True, on=(5, 3, 8)),
    case("TransformerEncoderLayer", 8, 2, 16, norm_first=True, layer_norm_eps=0.1, on=(5, 8)),
    case("TransformerDecoderLayer", 8, 2, 16, 0.0, on=((5, 3, 8), (4, 3, 8)), train=True),
    case("TransformerDecoderLayer", 8, 2, 16, norm_first=True, batch_first=True,
         on=((3, 5, 8), (3, 4, 8))),
    case("Transformer", 8, 2, 2, 1, 16, 0.0, on=((5, 3, 8), (4, 3, 8)), train=True),
    case("Transformer", 8, 2, 1, 2, 16, 0.0, norm_first=True, batch_first=True,
         on=((3, 5, 8), (3, 4, 8))),
]  # fmt: skip
NORMS = [
    case("BatchNorm2d", 4),
    case("BatchNorm2d", 4, train=True, tolerance=1e-4),
    case("BatchNorm2d", 4, momentum=0.3, eps=1e-3, train=True, tolerance=1e-4),
    case("BatchNorm2d", 4, affine=False, train=True, tolerance=1e-4),
    case("BatchNorm2d", 4, use_batch_statistics=True, tolerance=1e-4),
    case("BatchNorm2d", 4, use_batch_statistics=False, train=True),
    case("BatchNorm2d", 4, on=(1, 4, 1, 1), train=True, tolerance=1e-4),
    case("BatchNorm1d", 4, on=(6, 4)),
    case("BatchNorm1d", 4, on=(6, 4), train=True, tolerance=1e-4),
    case("BatchNorm3d", 4, on=VOLUME),
    case("BatchNorm3d", 4, on=VOLUME, train=True, tolerance=1e-4),
    case("LayerNorm", (7,)),
    case("LayerNorm", (6, 7), begin_norm_axis=2, begin_params_axis=2, epsilon=1e-5),
    case("GroupNorm", 2, 4),
    case("GroupNorm", 4, 4, eps=1e-3, affine=False),
]
POOLS = [
    case("MaxPool2d", 3, 2),
    case("MaxPool2d", 2),
    case("MaxPool2d", 3, 2, "same"),
    case("MaxPool2d", (2, 3), (1, 2), "SAME"),
    case("MaxPool2d", 3, 2, "pad", 1),
    case("MaxPool2d", 3, 2, "pad", 1, ceil_mode=True),
    case("MaxPool1d", 3, 2, on=LINE),
    case("MaxPool1d", 3, 2, "same", on=LINE),
    case("MaxPool3d", 2, 2, on=VOLUME),
    case("MaxPool3d", 3, 2, "same", on=VOLUME),
    case("AvgPool2d", 3, 2),
    case("AvgPool2d", 3, 2, "same"),
    case("AvgPool2d", 2, pad_mode="same", on=(4, 6, 7)),
    case("AvgPool2d", 3, 2, "pad", 1),
    case("AvgPool2d", 3, 2, "pad", 1, count_include_pad=False),
    case("AvgPool2d", 3, 2, "pad", 1, divisor_override=4),
    case("AvgPool1d", 3, 2, on=LINE),
    case("AvgPool1d", 3, 2, "same", on=LINE),
    case("AvgPool3d", 2, 2, on=VOLUME),
    case("AdaptiveAvgPool1d", 3, on=LINE),
    case("AdaptiveAvgPool2d", (3, 2)),
    case("AdaptiveAvgPool2d", (None, 2)),
    case("AdaptiveAvgPool3d", 2, on=VOLUME),
    case("AdaptiveMaxPool1d", 3, on=LINE),
    case("AdaptiveMaxPool2d", (3, 2)),
]
ACTIVATIONS = [
    *map(case, (
        "ReLU", "ReLU6", "LeakyReLU", "PReLU", "ELU", "CELU", "GELU", "FastGelu", "SiLU",
        "Mish", "Sigmoid", "HSigmoid", "HSwish", "LogSigmoid", "Tanh", "Tanhshrink", "Softmax",
        "LogSoftmax", "Softmax2d", "Softmin", "Softsign", "SoftShrink", "HShrink", "Hardtanh",
        "Identity",
    )),
    case("SeLU", derive=False),
    case("LeakyReLU", 0.1),
    case("PReLU", 4, 0.1),
    case("CELU", 2.0),
    case("GELU", False),
    case("Softmax", 1),
    case("LogSoftmax", 1),
    case("Softmin", 0),
    case("Hardtanh", -0.5, 0.25),
    case("Threshold", 0.1, 20.0),
    case("GLU", 1),
    case("Dropout", 0.3),
    case("Dropout", p=0.3),
    case("Dropout", 1.0, train=True),
    case("Dropout2d", 0.5),
]  # fmt: skip
SHAPES = [
    case("Flatten"),
    case("Flatten", 2, -1),
    case("Unflatten", 1, (2, 2)),
    case("PixelShuffle", 2),
    case("PixelUnshuffle", 3, on=(2, 4, 6, 9)),
    case("ChannelShuffle", 2),
    case("Pad", ((0, 0), (1, 0), (2, 1), (0, 3))),
    case("Pad", ((0, 0), (0, 0), (2, 1), (1, 3)), "REFLECT"),
    case("Pad", ((0, 0), (0, 0), (2, 1), (1, 3)), "SYMMETRIC"),
    case("ZeroPad2d", (1, 0, 2, 1)),
    case("ConstantPad2d", (1, 0, 2, 1), 0.5),
    case("ReflectionPad2d", (1, 0, 2, 1)),
    case("ReplicationPad2d", (1, 0, 2, 1)),
    case("OneHot", on=(3, 4), kinds=("class",), depth=3),
    case("OneHot", axis=0, on=(3, 4), kinds=("class",), depth=2, on_value=2.0, off_value=-1.0),
    case("Embedding", 3, 5, on=(3, 4), kinds=("class",)),
    case("Upsample", scale_factor=2.0, mode="nearest", recompute_scale_factor=True),
    case("Upsample", size=(9, 11), mode="bilinear", align_corners=True),
]
RECURRENT = [
    case("LSTM", 4, 5, on=(6, 2, 4)),
    case("LSTM", 4, 5, num_layers=2, bidirectional=True, batch_first=True, on=(2, 6, 4)),
    case("LSTM", 4, 5, has_bias=False, on=(6, 2, 4)),
]
LOSSES = [
    *(case(name, on=PAIR, kinds=("normal", "normal")) for name in ("L1Loss", "MSELoss",
      "SmoothL1Loss", "HuberLoss", "MAELoss", "RMSELoss")),
    case("L1Loss", "sum", on=PAIR),
    case("SmoothL1Loss", 0.3, "mean", on=PAIR),
    case("HuberLoss", "none", 0.5, on=PAIR),
    case("BCELoss", on=PAIR, kinds=("share", "mask")),
    case("BCEWithLogitsLoss", on=PAIR, kinds=("normal", "mask")),
    case("BCEWithLogitsLoss", "none", on=PAIR, kinds=("normal", "mask")),
    case("CrossEntropyLoss", on=((5, 3), (5,)), kinds=("normal", "class")),
    case("CrossEntropyLoss", reduction="sum", label_smoothing=0.1, on=((5, 3), (5,)),
         kinds=("normal", "class")),
    case("NLLLoss", on=((5, 3), (5,)), kinds=("normal", "class")),
    case("KLDivLoss", on=PAIR, kinds=("normal", "share")),
    case("KLDivLoss", "batchmean", on=PAIR, kinds=("normal", "share")),
    case("SoftmaxCrossEntropyWithLogits", on=PAIR, kinds=("normal", "share")),
    case("SoftmaxCrossEntropyWithLogits", True, on=((5, 3), (5,)), kinds=("normal", "class")),
    case("SoftmaxCrossEntropyWithLogits", True, "mean", on=((5, 3), (5,)),
         kinds=("normal", "class")),
    case("CosineEmbeddingLoss", 0.1, on=(*PAIR, (5,)), kinds=("normal", "normal", "sign")),
    case("MarginRankingLoss", 0.1, on=((5,), (5,), (5,)), kinds=("normal", "normal", "sign")),
    case("DiceLoss", on=PAIR, kinds=("share", "mask")),
    case("DiceLoss", 0.3, on=((2, 1, 4, 5),) * 2, kinds=("share", "mask")),
    case("MultiClassDiceLoss", on=PAIR, kinds=("normal", "mask")),
    case("MultiClassDiceLoss", None, 1, "sigmoid", on=((2, 3, 4, 5),) * 2,
         kinds=("normal", "mask")),
    case("MultiClassDiceLoss", activation=None, on=PAIR, kinds=("share", "mask")),
    case("FocalLoss", on=((5, 3), (5, 1)), kinds=("normal", "class")),
    case("FocalLoss", None, 1.5, "none", on=((2, 3, 4, 5), (2, 1, 4, 5)),
         kinds=("normal", "class")),
    case("FocalLoss", reduction="sum", on=((2, 3, 7),) * 2, kinds=("normal", "mask")),
    case("FocalLoss", gamma=0.0, reduction="none", on=PAIR, kinds=("normal", "mask")),
    case("HingeEmbeddingLoss", on=PAIR, kinds=("normal", "sign")),
    case("HingeEmbeddingLoss", 0.5, "none", on=PAIR, kinds=("normal", "normal")),
    case("TripletMarginWithDistanceLoss", on=PAIR + PAIR[:1], kinds=("normal",) * 3),
    case("TripletMarginWithDistanceLoss", swap=True, margin=3.0, reduction="sum",
         on=((5, 3, 4),) * 3, kinds=("normal",) * 3),
    case("MultiMarginLoss", on=((5, 3), (5,)), kinds=("normal", "long class")),
    case("MultiMarginLoss", 2, 0.5, "none", on=((5, 3), (5,), (3,)),
         kinds=("normal", "long class", "share")),
    case("MultiLabelSoftMarginLoss", on=PAIR, kinds=("normal", "mask")),
    case("MultiLabelSoftMarginLoss", reduction="none", on=PAIR, kinds=("normal", "mask")),
    case("PoissonNLLLoss", on=PAIR, kinds=("normal", "share")),
    case("PoissonNLLLoss", full=True, reduction="none", on=((5, 3),) * 2,
         kinds=("normal", "normal")),
    case("PoissonNLLLoss", False, True, 1e-3, "sum", on=PAIR, kinds=("share", "class")),
    case("GaussianNLLLoss", on=PAIR + PAIR[:1], kinds=("normal", "normal", "share")),
    case("GaussianNLLLoss", full=True, eps=0.5, reduction="sum", on=(*PAIR, (5,)),
         kinds=("normal", "normal", "share")),
]  # fmt: skip
RARER = [
    case("Moments"),
    case("Moments", (2, 3), True),
    case("Moments", axis=-1, keep_dims=False, on=(3, 4)),
    case("ReduceLogSumExp", 1),
    case("ReduceLogSumExp", (0, 2), keep_dims=True),
    case("ReduceLogSumExp", (), on=(3, 4)),
    case("LRN"),
    case("LRN", 1, 2.0, 0.5, 0.75),
    case("L1Regularizer", 0.3),
    case("ClipByNorm", on=((3, 4), (1,)), kinds=("normal", "share")),
    case("MatMul", on=((2, 3, 4), (4, 5)), kinds=("normal", "normal")),
    case("MatMul", True, True, on=((4, 3), (5, 4)), kinds=("normal", "normal")),
    case("MatMul", True, on=((4,), (2, 4, 5)), kinds=("normal", "normal")),
    case("MatMul", transpose_x2=True, on=((2, 3, 4), (2, 5, 4)), kinds=("normal", "normal")),
    case("ImageGradients"),
    case("ImageGradients", on=(2, 3, 1, 4)),
    case("CentralCrop", 0.5),
    case("CentralCrop", 0.3, on=(3, 7, 9)),
    case("CentralCrop", 1.0),
    case("Conv2dBnAct", 4, 6, 3),
    case("Conv2dBnAct", 4, 6, 3, stride=2, has_bias=True, has_bn=True, activation="relu6"),
    case(
        "Conv2dBnAct",
        4,
        6,
        3,
        pad_mode="pad",
        padding=1,
        group=2,
        has_bn=True,
        train=True,
        activation="leakyrelu",
        alpha=0.3,
        tolerance=1e-4,
    ),
    case("DenseBnAct", 7, 5, on=(6, 7)),
    case(
        "DenseBnAct", 7, 5, has_bn=True, activation="sigmoid", train=True, on=(6, 7), tolerance=1e-4
    ),
    case("MaxUnpool1d", 3, on=((2, 3, 2), (2, 3, 2)), kinds=("normal", "place")),
    case("MaxUnpool2d", 2, on=((2, 3, 2, 4), (2, 3, 2, 4)), kinds=("normal", "place")),
    case(
        "MaxUnpool2d",
        (3, 2),
        stride=2,
        padding=(1, 0),
        on=((3, 3, 4), (3, 3, 4)),
        kinds=("normal", "place"),
    ),
    case("MaxUnpool3d", 2, on=((1, 2, 2, 3, 2), (1, 2, 2, 3, 2)), kinds=("normal", "place")),
    case("LPPool1d", 2, 3, on=(2, 4, 9), kinds=("share",)),
    case("LPPool2d", 3, (2, 3), 2, kinds=("share",)),
    case("LPPool2d", 1.0, 2, ceil_mode=True, kinds=("share",)),
    case("ReflectionPad3d", (1, 0, 2, 1, 1, 3), on=VOLUME),
    case("ReplicationPad3d", 2, on=VOLUME),
]
CASES = [
    *CONVOLUTIONS, *STEPS, *DENSE, *NORMS, *POOLS, *ACTIVATIONS, *SHAPES, *RECURRENT, *LOSSES,
    *RARER, *TRANSFORMERS,
]  # fmt: skip
