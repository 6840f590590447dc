"""The gradient of a maximum from the places that the forward pass found."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from framework_tensors import Array

from opsbridge.core.roi_pool import RoiPoolRule, roi_pool, roi_pool_backward
from opsbridge.errors import ArgumentError, DtypeError
from opsbridge.frameworks.numpy import LAYER

RULE = RoiPoolRule()
OUTPUTS = (("pooled", "same"), ("argmax", "int32"))
SIZE = (5, 7, 1.0)


def case(channels: int, dtype: Any) -> tuple[Array, Array, Array]:
    """Features on three images, the last without regions; regions; a gradient."""
    rng = np.random.default_rng(channels)
    features = np.round(rng.standard_normal((3, channels, 18, 25)) * 4).astype(dtype)
    features[rng.random(features.shape) < 0.05] = np.nan
    corner = rng.uniform(-0.3, 1.0, (40, 2)) * (25, 18)
    size = rng.uniform(0.0, 1.0, (40, 2)) * (25, 18)
    regions = np.column_stack((rng.integers(0, 2, 40), corner, corner + size)).astype(dtype)
    return features, regions, rng.standard_normal((40, channels, 5, 7)).astype(dtype)


def backward(gradient: Array, features: Array, regions: Array, **options: Any) -> Array:
    rule = options.pop("rule", RULE)
    (found,) = roi_pool_backward(LAYER, gradient, features, regions, *SIZE, rule=rule, **options)
    return found


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("channels", [1, 16, 19])
@pytest.mark.parametrize("threads", ["1", "2"])
def test_places_give_the_bits_that_looking_again_gives(
    channels: int, dtype: Any, threads: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPSBRIDGE_THREADS", threads)
    features, regions, gradient = case(channels, dtype)
    _, argmax = roi_pool(LAYER, features, regions, *SIZE, rule=RULE, outputs=OUTPUTS)
    wanted = backward(gradient, features, regions)
    assert np.abs(wanted[:2]).sum() > 0
    moved = np.ascontiguousarray(argmax.transpose(2, 0, 3, 1)).transpose(1, 3, 0, 2)
    for places in (argmax, moved):
        found = backward(gradient, features, regions, argmax=places)
        assert found.tobytes() == wanted.tobytes()
    # The values of the features have no part in it.
    found = backward(gradient, np.zeros_like(features), regions, argmax=argmax)
    assert found.tobytes() == wanted.tobytes()


def test_places_outside_the_map_take_nothing() -> None:
    features, regions, gradient = case(3, np.float32)
    argmax = np.full(gradient.shape, -1, np.int32)
    argmax[0, 0, 0] = [18 * 25, 2**31 - 1, -(2**31), -2, 18 * 25 - 1, 0, 7]
    found = backward(gradient, features, regions, argmax=argmax)
    image = int(regions[0, 0])
    wanted = np.zeros_like(found)
    wanted[image, 0].reshape(-1)[[18 * 25 - 1, 0, 7]] = gradient[0, 0, 0, 4:]
    assert np.array_equal(found, wanted)


def test_places_must_be_like_the_result() -> None:
    features, regions, gradient = case(2, np.float32)
    argmax = np.zeros(gradient.shape, np.int32)
    with pytest.raises(DtypeError, match="argmax"):
        backward(gradient, features, regions, argmax=argmax.astype(np.int64))
    with pytest.raises(ArgumentError, match="argmax"):
        backward(gradient, features, regions, argmax=argmax[:-1])


@pytest.mark.parametrize(
    "rule",
    [
        RoiPoolRule(pooling="average"),
        RoiPoolRule(clip_high="last_pixel", gradient_clip_high="size"),
    ],
)
def test_only_maxima_that_are_those_of_the_result_are_taken(rule: RoiPoolRule) -> None:
    features, regions, gradient = case(2, np.float32)
    argmax = np.zeros(gradient.shape, np.int32)
    with pytest.raises(ArgumentError, match=re.escape("argmax")):
        backward(gradient, features, regions, argmax=argmax, rule=rule)
