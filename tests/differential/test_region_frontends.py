"""The torchvision-shaped operators on regions against the real ones: values and gradients, bits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cases import HEIGHT, ROIS, WIDTH, assert_same_bits, features, generator
from framework_tensors import to_array, to_tensor
from real_frameworks import TORCHVISION_MISSING, torch_tensor, torchvision_ops

from opsbridge.torchvision import ops

DTYPES = (np.float16, np.float32, np.float64)
# Name and settings after the scale; the sampling of inverted regions may not be adaptive.
OPERATORS: dict[str, tuple[tuple[Any, ...], ...]] = {
    "roi_align": ((2, False), (2, True), (3, False)),
    "roi_pool": ((),),
    "ps_roi_align": ((2,), (-1,), (0,)),
    "ps_roi_pool": ((),),
}
CLASSES = {
    "roi_align": "RoIAlign",
    "roi_pool": "RoIPool",
    "ps_roi_align": "PSRoIAlign",
    "ps_roi_pool": "PSRoIPool",
}
# The real gradient of ps_roi_pool is wrong at the far edge: a declared deviation.
WITH_REAL_GRADIENT = ("roi_align", "roi_pool", "ps_roi_align")
SIZE = (2, 3)
CHANNELS = 2 * SIZE[0] * SIZE[1]


def image(rng: np.random.Generator, dtype: Any) -> Any:
    """Features with one channel per bin."""
    return features(rng, dtype, (2, CHANNELS, HEIGHT, WIDTH))


def differentiated(operator: Any, given: Any, rois: Any, settings: Any, weights: Any) -> Any:
    """The result and the gradient of the features for a gradient of the result."""
    leaf = torch_tensor(given).requires_grad_()
    pooled = operator(leaf, torch_tensor(rois), SIZE, *settings)
    pooled.backward(torch_tensor(weights(pooled.shape)))
    return pooled.detach().numpy(), leaf.grad.numpy()


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.__name__)
@pytest.mark.parametrize("family", ROIS)
@pytest.mark.parametrize("name", OPERATORS)
def test_results_and_gradients_are_the_real_ones(name: str, family: str, dtype: Any) -> None:
    real = getattr(torchvision_ops(), name)
    for settings in OPERATORS[name]:
        for scale in (1.0, 0.25, 0.7):
            rng = generator("regions", name, family, str((dtype, settings, scale)))
            given, rois = image(rng, dtype), ROIS[family](rng, 9, dtype)

            def weights(shape: Any, rng: np.random.Generator = rng, dtype: Any = dtype) -> Any:
                return np.random.default_rng(7).standard_normal(tuple(shape)).astype(dtype)

            arguments = given, rois, (scale, *settings), weights
            pooled, gradient = differentiated(getattr(ops, name), *arguments)
            real_pooled, real_gradient = differentiated(real, *arguments)
            assert_same_bits(pooled, real_pooled)
            if name in WITH_REAL_GRADIENT:
                assert_same_bits(gradient, real_gradient)
            own = getattr(ops, CLASSES[name])
            if settings or "pool" in name:
                form = own(SIZE, scale, *settings)(torch_tensor(given), torch_tensor(rois))
                assert_same_bits(form.numpy(), real_pooled)


@pytest.mark.parametrize("name", OPERATORS)
@pytest.mark.parametrize("framework", ["numpy", "mindspore"])
def test_other_frameworks_get_the_same_numbers(framework: str, name: str) -> None:
    rng = generator("regions elsewhere", name)
    given, rois = image(rng, np.float32), ROIS["outside"](rng, 9, np.float32)
    expected = getattr(torchvision_ops(), name)(torch_tensor(given), torch_tensor(rois), SIZE, 0.7)
    pooled = getattr(ops, name)(to_tensor(framework, given), to_tensor(framework, rois), SIZE, 0.7)
    assert_same_bits(to_array(pooled), expected.numpy())


@pytest.mark.parametrize("name", OPERATORS)
def test_one_tensor_of_boxes_per_image(name: str) -> None:
    rng = generator("list of boxes", name)
    settings = OPERATORS[name][0]
    given, rois = image(rng, np.float32), ROIS["inside"](rng, 7, np.float32)
    lists = [torch_tensor(np.ascontiguousarray(part[:, 1:])) for part in (rois[:3], rois[3:])]
    wanted = getattr(torchvision_ops(), name)(torch_tensor(given), lists, SIZE, 0.5, *settings)
    ours = getattr(ops, name)(torch_tensor(given), lists, SIZE, 0.5, *settings)
    assert_same_bits(ours.numpy(), wanted.numpy())
    layer = getattr(ops, CLASSES[name])(SIZE, 0.5, *settings)
    assert_same_bits(layer(torch_tensor(given), lists).numpy(), wanted.numpy())


@pytest.mark.parametrize("name", OPERATORS)
def test_odd_layouts_of_features_and_gradients(name: str) -> None:
    torch = pytest.importorskip("torch", reason=TORCHVISION_MISSING)
    rng = generator("regions layouts", name)
    given, rois = image(rng, np.float32), ROIS["inside"](rng, 9, np.float32)
    own, real = getattr(ops, name), getattr(torchvision_ops(), name)
    packed = torch_tensor(given)
    last = packed.to(memory_format=torch.channels_last)
    flipped = torch_tensor(given[..., ::-1].copy()).flip(-1)
    wide_rois = torch.stack([torch_tensor(rois)] * 2, dim=-1)[..., 0]
    expected = real(packed, torch_tensor(rois), SIZE)
    for tensor in (last, flipped):
        torch.testing.assert_close(own(tensor, wide_rois, SIZE), expected, rtol=0, atol=0)
    one_pixel = torch_tensor(given[:, :, :1, :1].copy()).expand(-1, -1, HEIGHT, WIDTH)
    torch.testing.assert_close(
        own(one_pixel, torch_tensor(rois), SIZE),
        real(one_pixel, torch_tensor(rois), SIZE),
        rtol=0,
        atol=0,
    )
    if name in WITH_REAL_GRADIENT:
        gradients = []
        for operator in (own, real):
            leaf = last.clone().requires_grad_()
            operator(leaf, torch_tensor(rois), SIZE).sum().backward()  # an expanded gradient
            gradients.append(leaf.grad.contiguous())
        torch.testing.assert_close(*gradients, rtol=0, atol=0)


@pytest.mark.parametrize("name", OPERATORS)
@pytest.mark.parametrize(
    ("shape", "count"),
    [((2, CHANNELS, 5, 5), 0), ((2, 0, 5, 5), 3), ((0, CHANNELS, 5, 5), 0)],
    ids=["no regions", "no channels", "no images"],
)
def test_nothing_in_gives_nothing_out(name: str, shape: Any, count: int) -> None:
    torch = pytest.importorskip("torch", reason=TORCHVISION_MISSING)
    rois = torch.zeros(count, 5)
    results = []
    for operator in (getattr(ops, name), getattr(torchvision_ops(), name)):
        leaf = torch.zeros(shape, requires_grad=True)
        pooled = operator(leaf, rois, SIZE)
        pooled.sum().backward()
        results.append((pooled.shape, leaf.grad.shape, leaf.grad.abs().sum().item()))
    assert results[0] == results[1]


@pytest.mark.parametrize("name", ["roi_pool", "ps_roi_pool", "ps_roi_align"])
@pytest.mark.parametrize("shape", [(1, CHANNELS, 0, 8), (1, CHANNELS, 8, 0)])
def test_features_without_pixels_give_zero(name: str, shape: Any) -> None:
    rois = np.array([[0, 1, 1, 3, 3]], np.float32)
    pooled = getattr(ops, name)(np.ones(shape, np.float32), rois, SIZE)
    real = getattr(torchvision_ops(), name)(
        torch_tensor(np.ones(shape, np.float32)), torch_tensor(rois), SIZE
    )
    assert_same_bits(pooled, real.numpy())
    assert not pooled.any()


@pytest.mark.parametrize("name", ["ps_roi_pool", "ps_roi_align"])
def test_channels_that_do_not_fit_the_bins_are_refused(name: str) -> None:
    rois = np.array([[0, 1, 1, 3, 3]], np.float32)
    message = rf"{name}: input has 5 channels; expected a multiple of 6, one for each of 2 x 3 bins"
    with pytest.raises(ValueError, match=message):
        getattr(ops, name)(np.ones((1, 5, 8, 8), np.float32), rois, SIZE)


def test_special_pixels_in_a_maximum() -> None:
    special = np.array([np.nan, np.inf, -np.inf, 1, -3.5e38, -3.402823e38])
    for dtype in DTYPES:
        rng = generator("special pixels", str(dtype))
        with np.errstate(over="ignore"):
            given = rng.choice(special, (2, CHANNELS, HEIGHT, WIDTH)).astype(dtype)
            given[:, ::2] = special[rng.integers(0, 3, (2, CHANNELS // 2, 1, 1))].astype(dtype)
        rois = ROIS["outside"](rng, 30, dtype)
        expected = torchvision_ops().roi_pool(torch_tensor(given), torch_tensor(rois), SIZE)
        assert_same_bits(ops.roi_pool(given, rois, SIZE), expected.numpy())


def test_places_of_maxima() -> None:
    torch = pytest.importorskip("torch", reason=TORCHVISION_MISSING)
    from opsbridge.core.roi_pool import RoiPoolRule, roi_pool
    from opsbridge.frameworks.numpy import LAYER

    torchvision_ops()
    rng = generator("argmax")
    given = rng.integers(0, 4, (2, 3, HEIGHT, WIDTH)).astype(np.float32)
    given[0, 0] = np.nan
    rois = ROIS["outside"](rng, 40, np.float32)
    pooled, places = torch.ops.torchvision.roi_pool(
        torch_tensor(given), torch_tensor(rois), 0.7, *SIZE
    )
    ours = roi_pool(
        LAYER, given, rois, *SIZE, 0.7, rule=RoiPoolRule(),
        outputs=(("argmax", "int32"), ("pooled", "same")),
    )  # fmt: skip
    assert_same_bits(ours[0], places.numpy())
    assert_same_bits(ours[1], pooled.numpy())
