"""roi_pool where whole blocks of channels are pooled at once, against the real torchvision."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from framework_tensors import Array, framework

from opsbridge.core.roi_pool import RoiPoolRule, roi_pool, roi_pool_backward
from opsbridge.frameworks.numpy import LAYER

RULE = RoiPoolRule()
OUTPUTS = (("pooled", "same"), ("argmax", "int32"))
CHANNELS = (1, 15, 16, 17, 33)


def features_of_kind(rng: np.random.Generator, kind: str, shape: tuple[int, ...]) -> Array:
    """Features with the values that decide which of several pixels is the maximum."""
    normal = rng.standard_normal(shape)
    return {
        "normal": normal,
        "rectified": np.maximum(normal, 0),
        "ties": np.round(normal),
        "zeros of both signs": rng.choice([0.0, -0.0, -1.0], shape),
        "NaN": np.where(rng.random(shape) < 0.4, np.nan, normal),
        "infinite": rng.choice([-np.inf, np.inf, float(np.finfo(np.float32).min), -3.0], shape),
    }[kind]


KINDS = ("normal", "rectified", "ties", "zeros of both signs", "NaN", "infinite")


def some_regions(rng: np.random.Generator, images: int, height: int, width: int) -> Array:
    """Enough large regions that blocks pay; some reach beyond the image or lie outside."""
    corner = rng.uniform(-0.2, 0.9, (60, 2)) * (width, height)
    size = rng.uniform(0.0, 1.2, (60, 2)) * (width, height)
    return np.column_stack((rng.integers(0, images, 60), corner, corner + size)).astype(np.float32)


def case(kind: str, channels: int, dtype: Any) -> tuple[Array, Array, Array]:
    """Features on three images, the second without regions; regions; a gradient."""
    rng = np.random.default_rng([KINDS.index(kind), channels])
    features = features_of_kind(rng, kind, (3, channels, 21, 30)).astype(dtype)
    regions = some_regions(rng, 2, 21, 30)
    regions[:, 0] *= 2
    gradient = rng.standard_normal((60, channels, 5, 7)).astype(dtype)
    return features, regions.astype(dtype), gradient


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("channels", CHANNELS)
@pytest.mark.parametrize("kind", KINDS)
def test_values_places_and_gradients_are_those_of_torchvision(
    kind: str, channels: int, dtype: Any
) -> None:
    torch = framework("torch")
    real = framework("torchvision").ops.roi_pool
    features, regions, gradient = case(kind, channels, dtype)
    leaf = torch.from_numpy(features).requires_grad_()
    tensors = leaf, torch.from_numpy(regions)
    wanted = real(*tensors, (5, 7), 1.0)
    _, wanted_places = torch.ops.torchvision.roi_pool(leaf.detach(), tensors[1], 1.0, 5, 7)
    wanted.backward(torch.from_numpy(gradient))
    with_places = roi_pool(LAYER, features, regions, 5, 7, 1.0, rule=RULE, outputs=OUTPUTS)
    (alone,) = roi_pool(LAYER, features, regions, 5, 7, 1.0, rule=RULE)
    (back,) = roi_pool_backward(LAYER, gradient, features, regions, 5, 7, 1.0, rule=RULE)
    assert with_places[0].tobytes() == wanted.detach().numpy().tobytes()
    assert alone.tobytes() == with_places[0].tobytes()
    np.testing.assert_array_equal(with_places[1], wanted_places.numpy())
    assert back.tobytes() == leaf.grad.numpy().tobytes()


@pytest.mark.parametrize("channels", CHANNELS)
def test_memory_order_does_not_matter(channels: int) -> None:
    features, regions, gradient = case("ties", channels, np.float32)
    (wanted,) = roi_pool(LAYER, features, regions, 5, 7, 1.0, rule=RULE)
    (back,) = roi_pool_backward(LAYER, gradient, features, regions, 5, 7, 1.0, rule=RULE)
    for axes in ((0, 2, 3, 1), (0, 1, 3, 2), (3, 2, 1, 0)):
        order = np.argsort(axes)
        moved = np.ascontiguousarray(features.transpose(axes)).transpose(order)
        moved_gradient = np.ascontiguousarray(gradient.transpose(axes)).transpose(order)
        (pooled,) = roi_pool(LAYER, moved, regions, 5, 7, 1.0, rule=RULE)
        assert pooled.tobytes() == wanted.tobytes()
        (sums,) = roi_pool_backward(LAYER, moved_gradient, moved, regions, 5, 7, 1.0, rule=RULE)
        assert sums.tobytes() == back.tobytes()


def test_one_region_and_many_take_different_roads_to_the_same_bits() -> None:
    features, regions, _ = case("NaN", 33, np.float16)
    (together,) = roi_pool(LAYER, features, regions, 5, 7, 1.0, rule=RULE)
    apart = [
        roi_pool(LAYER, features, regions[i : i + 1], 5, 7, 1.0, rule=RULE)[0]
        for i in range(len(regions))
    ]
    assert together.tobytes() == b"".join(each.tobytes() for each in apart)


def test_more_regions_than_one_portion_of_the_backward_holds() -> None:
    torch = framework("torch")
    rng = np.random.default_rng(5)
    features = rng.standard_normal((1, 16, 12, 12)).astype(np.float32)
    regions = np.tile(np.array([[0, 1, 1, 9, 10]], np.float32), (300, 1))
    gradient = rng.standard_normal((300, 16, 20, 20)).astype(np.float32)
    leaf = torch.from_numpy(features).requires_grad_()
    pooled = framework("torchvision").ops.roi_pool(leaf, torch.from_numpy(regions), 20, 1.0)
    pooled.backward(torch.from_numpy(gradient))
    (back,) = roi_pool_backward(LAYER, gradient, features, regions, 20, 20, 1.0, rule=RULE)
    assert back.tobytes() == leaf.grad.numpy().tobytes()


@pytest.mark.parametrize("shape", [(2, 3, 0, 4), (2, 3, 4, 0), (2, 0, 4, 4), (0, 3, 4, 4)])
def test_the_gradient_of_empty_features_is_empty(shape: tuple[int, ...]) -> None:
    regions = np.zeros((0 if shape[0] == 0 else 2, 5), np.float32)
    gradient = np.ones((len(regions), shape[1], 2, 2), np.float32)
    features = np.zeros(shape, np.float32)
    (back,) = roi_pool_backward(LAYER, gradient, features, regions, 2, 2, 1.0, rule=RULE)
    assert back.shape == shape
