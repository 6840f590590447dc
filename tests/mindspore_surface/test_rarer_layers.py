"""Rarer layers: weights that are tensors, what MindSpore cannot run on CPU, what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from real_frameworks import MINDSPORE_MISSING

pytest.importorskip("torch", reason="the surface computes with PyTorch")

from opsbridge import mindspore as surface
from opsbridge.errors import ArgumentError, DtypeError
from opsbridge.mindspore import nn

RANDOM = np.random.default_rng(9)
X = RANDOM.normal(size=(5, 3)).astype(np.float32)
OTHERS = [RANDOM.normal(size=(5, 3)).astype(np.float32) for _ in range(2)]
MASK = (RANDOM.random((5, 3)) > 0.5).astype(np.float32)
CLASSES = RANDOM.integers(0, 3, (5, 1)).astype(np.int32)
SHARES = np.array([0.2, 0.3, 0.5], np.float32)

WITH_TENSORS: dict[str, Callable[[Any, Callable[[Any], Any]], Any]] = {
    "dice": lambda nn, t: nn.MultiClassDiceLoss(t(SHARES[:, None]), 1)(t(X), t(MASK)),
    "focal": lambda nn, t: nn.FocalLoss(t(SHARES), 1.5)(t(X), t(CLASSES)),
    "focal-one-hot": lambda nn, t: nn.FocalLoss(t(SHARES), reduction="none")(t(X), t(MASK)),
    "margin": lambda nn, t: nn.MultiMarginLoss(weight=t(SHARES))(
        t(X), t(CLASSES[:, 0].astype(np.int64))
    ),
    "soft-margin": lambda nn, t: nn.MultiLabelSoftMarginLoss(t(SHARES), "sum")(t(X), t(MASK)),
    "own-distance": lambda nn, t: nn.TripletMarginWithDistanceLoss(
        lambda one, other: (one - other).abs().sum(1), margin=2.0
    )(t(X), *map(t, OTHERS)),
    "steps": lambda nn, t: nn.TimeDistributed(nn.Dense(3, 2, t(OTHERS[0][:2]), has_bias=False), 1)(
        t(X[None])
    ),
    "places": lambda nn, t: nn.MaxUnpool2d(2)(
        t(X[None, :2, :2]), t(np.array([[[0, 7], [2, 5]]])), (3, 4)
    ),
}


@pytest.mark.parametrize("name", WITH_TENSORS)
def test_tensors_as_settings(name: str) -> None:
    ms = pytest.importorskip("mindspore", reason=MINDSPORE_MISSING)
    ours, real = (WITH_TENSORS[name](each.nn, each.Tensor).asnumpy() for each in (surface, ms))
    assert (ours.shape, ours.dtype) == (real.shape, real.dtype)
    np.testing.assert_allclose(ours, real, rtol=1e-5, atol=1e-6)


def tensor(values: Any, dtype: type = np.float32) -> Any:
    return surface.Tensor(np.array(values, dtype))


def test_losses_without_a_kernel_give_the_numbers_of_their_documentation() -> None:
    x = tensor([[0.3, 0.7], [0.5, 0.5]])
    soft = nn.SoftMarginLoss()(x, tensor([[-1, 1], [1, -1]]))
    assert float(soft) == pytest.approx(0.6764238)
    positive, negative = tensor([[0.4, 0.6], [0.4, 0.6]]), tensor([[0.2, 0.9], [0.3, 0.7]])
    assert float(nn.TripletMarginLoss()(x, positive, negative)) == pytest.approx(0.8881968)
    classes = tensor([[0.1, 0.2, 0.4, 0.8], [0.2, 0.3, 0.5, 0.7]])
    labels = tensor([[1, 2, 0, 3], [2, 3, -1, 1]], np.int32)
    assert float(nn.MultilabelMarginLoss()(classes, labels)) == pytest.approx(0.325)
    loss, marks = surface.ops.MultilabelMarginLoss()(classes, labels)
    assert float(loss) == pytest.approx(0.325)
    assert (marks.dtype, marks.asnumpy().tolist()) == (surface.int32, [[1] * 4, [0, 0, 1, 1]])


def test_the_margin_of_a_call_counts_where_the_layer_has_none() -> None:
    three = [tensor(each) for each in (X, *OTHERS)]
    of_layer = nn.TripletMarginLoss(margin=3.0)(*three, 9.0)
    of_call = nn.TripletMarginLoss()(*three, surface.Tensor(3.0))
    np.testing.assert_array_equal(of_layer.asnumpy(), of_call.asnumpy())


@pytest.mark.parametrize(("shift", "axis"), [(1, 0), ((2, -1), (0, 1)), ([1], [-1])])
def test_roll_is_numpys(shift: Any, axis: Any) -> None:
    np.testing.assert_array_equal(
        nn.Roll(shift, axis)(tensor(X)).asnumpy(), np.roll(X, shift, axis)
    )


@pytest.mark.parametrize("axis", [None, 0, -1, (0, 1)])
def test_clip_by_norm_bounds_the_norm_along_axes(axis: Any) -> None:
    """MindSpore 2.10 has wrong norms from the second one on, on CPU."""
    bound = 1.5
    ours = nn.ClipByNorm(axis)(tensor(X), surface.Tensor(bound)).asnumpy()
    norm = np.sqrt((X**2).sum(axis, keepdims=True))
    np.testing.assert_allclose(ours, X * bound / np.maximum(norm, bound), rtol=1e-6)


def similarity(one: Any, other: Any, size: int, sigma: float, largest: float) -> float:
    """The definition, place by place, of one channel."""
    places = np.arange(size) + 1 - (size + 1) // 2
    window = np.exp(-(places[:, None] ** 2 + places**2) / (2 * sigma**2))
    window /= window.sum()
    small, smaller = (0.01 * largest) ** 2, (0.03 * largest) ** 2
    found = []
    for row in range(one.shape[0] - size + 1):
        for column in range(one.shape[1] - size + 1):
            a, b = (
                each[row : row + size, column : column + size].astype(float)
                for each in (one, other)
            )
            mean, second = (window * a).sum(), (window * b).sum()
            spread = (window * a * a).sum() - mean**2, (window * b * b).sum() - second**2
            both = (window * a * b).sum() - mean * second
            light = (2 * mean * second + small) / (mean**2 + second**2 + small)
            found.append(light * (2 * both + smaller) / (sum(spread) + smaller))
    return float(np.mean(found))


@pytest.mark.parametrize(("size", "kind", "largest"), [(3, np.float32, 1.0), (4, np.uint8, 255)])
def test_similarity_of_images_is_its_definition(size: int, kind: type, largest: float) -> None:
    images = [(RANDOM.random((2, 2, 6, 7)) * largest).astype(kind) for _ in range(2)]
    ours = nn.SSIM(largest, size, 1.2)(*map(surface.Tensor, images)).asnumpy()
    for number in range(2):
        channels = zip(images[0][number], images[1][number], strict=True)
        expected = np.mean([similarity(*pair, size, 1.2, largest) for pair in channels])
        assert ours[number] == pytest.approx(expected, rel=1e-3, abs=1e-4)
    noise = nn.PSNR(largest)(*map(surface.Tensor, images)).asnumpy()
    error = ((images[0].astype(float) - images[1]) ** 2).mean((1, 2, 3))
    np.testing.assert_allclose(noise, 10 * np.log10(largest**2 / error), rtol=1e-5)
    assert [each.name for each in nn.SSIM().get_parameters()] == ["conv.weight"]


def test_random_slopes_are_within_bounds_in_inference_too() -> None:
    x = tensor([-2.0] * 1000 + [3.0])
    for given in (nn.RReLU(0.1, 0.4)(x), surface.ops.rrelu(x, 0.1, 0.4)):
        slopes = given.asnumpy()
        assert slopes[-1] == 3
        assert -0.8 <= slopes[:-1].min() < -0.75
        assert -0.25 < slopes[:-1].max() <= -0.2


@pytest.mark.parametrize(
    ("use", "error", "message"),
    [
        (lambda: nn.DiceLoss(0.0), ArgumentError, "smooth is 0.0"),
        (lambda: nn.DiceLoss()(tensor(X), tensor(X[:2])), ArgumentError, "must be equal"),
        (lambda: nn.MultiClassDiceLoss(tensor(SHARES)), ArgumentError, "weights has 1 dim"),
        (lambda: nn.MultiClassDiceLoss(activation="x"), ArgumentError, "activation is 'x'"),
        (lambda: nn.MultiClassDiceLoss(activation=3), DtypeError, "activation is a int"),
        (
            lambda: nn.MultiClassDiceLoss(tensor(X))(tensor(X), tensor(MASK)),
            ArgumentError,
            "weights has 5 rows, label 3 classes",
        ),
        (lambda: nn.FocalLoss(gamma=2), DtypeError, "gamma is 2"),
        (lambda: nn.FocalLoss(tensor(X)), ArgumentError, "weight has 2 dimensions"),
        (lambda: nn.FocalLoss()(tensor(X), tensor(CLASSES[:, 0])), ArgumentError, "labels must"),
        (lambda: nn.GaussianNLLLoss(eps=0.0), ArgumentError, "eps is 0.0"),
        (lambda: nn.HingeEmbeddingLoss(reduction="x"), ArgumentError, "reduction is 'x'"),
        (lambda: nn.Moments()(tensor(X, np.int32)), DtypeError, "x is torch.int32"),
        (lambda: nn.LRN(norm_region="x")(tensor(X)), ArgumentError, "norm_region is 'x'"),
        (lambda: nn.L1Regularizer(0), ArgumentError, "scale is 0"),
        (lambda: nn.Roll((1, 2), 0), ArgumentError, "one shift for each axis"),
        (lambda: nn.RReLU(1, 0), ArgumentError, "lower is 1, upper is 0"),
        (lambda: nn.CentralCrop(0.0), ArgumentError, "central_fraction is 0.0"),
        (lambda: nn.CentralCrop(0.5)(tensor(X)), ArgumentError, "image has 2 dimensions"),
        (lambda: nn.ImageGradients()(tensor(X)), ArgumentError, "images have 2 dimensions"),
        (lambda: nn.PSNR(0), ArgumentError, "max_val is 0"),
        (lambda: nn.PSNR()(tensor(X), tensor(X[:2])), ArgumentError, "one shape and dtype"),
        (lambda: nn.SSIM(1, 0), ArgumentError, "filter_size is 0"),
        (
            lambda: nn.SSIM()(tensor(X[None, None]), tensor(X[None, None])),
            ArgumentError,
            "its sides must be at least 11",
        ),
        (lambda: nn.Conv2dBnAct(1, 2, 3, activation=3), DtypeError, "activation is a int"),
        (lambda: nn.TimeDistributed(3, 1), DtypeError, "layer is a int"),
        (lambda: nn.TimeDistributed(nn.ReLU(), 1, 0), ArgumentError, "reshape_with_axis"),
        (
            lambda: nn.MaxUnpool2d(2)(tensor(X[None]), tensor(X[None], int), [2]),
            ArgumentError,
            "output_size is",
        ),
        (
            lambda: nn.MaxUnpool1d(2)(tensor(X), tensor(X * 0 + 6, int)),
            ArgumentError,
            r"max_unpool1d: indices must be in \[0, 6\)",
        ),
    ],
)  # fmt: skip
def test_what_is_refused(use: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        use()
