"""The CUDA kernels of roi_pool, compiled for the host, give the bits of the CPU kernels."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from device_on_host import DTYPES, DeviceTensors, both

from opsbridge.core import OPERATORS, device
from opsbridge.core.roi_pool import RoiPoolRule
from opsbridge.errors import ArgumentError

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.usefixtures("on_device")

ROWS = 270
BOTH_OUTPUTS = (("pooled", "same"), ("argmax", "int32"))
POSITION_SENSITIVE = {"channel_map": "position_sensitive", "clip_high": "last_pixel"}
RULES = {
    "torchvision": RoiPoolRule(),
    "exact": RoiPoolRule(corner="exact", length_plus=0, min_size="none", accumulate="float32"),
    "end-offset": RoiPoolRule(end_offset=1, clip_high="last_pixel", gradient_clip_high="size"),
    "average": RoiPoolRule(pooling="average"),
    "position-sensitive": RoiPoolRule(pooling="average", length_plus=0, **POSITION_SENSITIVE),
    "position-sensitive maximum": RoiPoolRule(**POSITION_SENSITIVE),
}


def inputs(dtype: str, channels: int, kind: str = "ties") -> tuple[Any, Any]:
    """Features with many equal pixels, and regions of all sizes, some outside."""
    random = np.random.default_rng(channels)
    features = random.normal(size=(3, channels, 19, 37))
    if kind == "ties":
        features = np.round(2 * features)
        features[random.random(features.shape) < 0.05] = np.nan
        features[random.random(features.shape) < 0.05] = -0.0
    corners = random.uniform(-8, 40, (ROWS, 2))
    images = random.integers(0, 3, (ROWS, 1))
    rois = np.concatenate(
        (images, corners, corners + random.gamma(2, 6, (ROWS, 2))), axis=1
    ).astype(np.float32)
    rois[:4, 1:] = [[-90, -90, 200, 200], [500, 500, 600, 600], [3, 3, 3, 3], [0, 0, 37, 19]]
    rois[4, 1:] = [30, 15, 2, 1]
    held = getattr(torch, dtype)
    return torch.tensor(features).to(held), torch.tensor(rois).to(held)


def settings(name: str) -> tuple[tuple[int, int], int, int]:
    """The output size, and the channels of the features and of the result."""
    return ((3, 2), 12, 2) if name.startswith("position") else ((3, 4), 11, 11)


def gradient_of(features: Any, shape: tuple[int, ...]) -> Any:
    generator = torch.Generator().manual_seed(5)
    return torch.randn(shape, generator=generator).to(features.dtype)


@pytest.mark.parametrize(("name", "dtype"), list(product(RULES, DTYPES)))
def test_values_places_and_gradient(name: str, dtype: str) -> None:
    rule = RULES[name]
    size, channels, pooled_channels = settings(name)
    features, rois = inputs(dtype, channels)
    both("roi_pool", features, rois, *size, 0.5, rule=rule, outputs=BOTH_OUTPUTS)
    gradient = gradient_of(features, (ROWS, pooled_channels, *size))
    both("roi_pool_backward", gradient, features, rois, *size, 0.5, rule=rule)


def test_values_alone() -> None:
    features, rois = inputs("float32", 11, kind="distinct")
    both("roi_pool", features, rois, 3, 4, 0.5, rule=RoiPoolRule())
    both("roi_pool", features, rois, 3, 4, 0.5, rule=RoiPoolRule(pooling="average"))


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_gradient_from_places(dtype: str) -> None:
    from opsbridge.frameworks.torch_tensors import TorchTensors

    features, rois = inputs(dtype, 11)
    arguments = (features, rois, 3, 4, 0.5)
    _, argmax = OPERATORS["roi_pool"].run(
        TorchTensors(), *arguments, rule=RoiPoolRule(), outputs=BOTH_OUTPUTS
    )
    gradient = gradient_of(features, tuple(argmax.shape))
    both("roi_pool_backward", gradient, *arguments, argmax=argmax, rule=RoiPoolRule())
    turned = gradient.transpose(2, 3).contiguous().transpose(2, 3)
    last = argmax.to(memory_format=torch.channels_last)
    both("roi_pool_backward", turned, *arguments, argmax=last, rule=RoiPoolRule())


def test_a_place_outside_the_map_takes_nothing() -> None:
    features, rois = inputs("float32", 2)
    argmax = torch.full((ROWS, 2, 3, 4), 19 * 37, dtype=torch.int32)
    argmax[::2] = -7
    gradient = gradient_of(features, tuple(argmax.shape))
    both(
        "roi_pool_backward", gradient, features, rois, 3, 4, 0.5, argmax=argmax, rule=RoiPoolRule()
    )


def test_channels_last_strides_counts_and_indices() -> None:
    features, rois = inputs("float32", 9)
    last = features.to(memory_format=torch.channels_last)
    both("roi_pool", last, rois, 2, 2, 1.0, rule=RoiPoolRule(), outputs=BOTH_OUTPUTS)
    both("roi_pool", features.flip(3)[:, ::2], rois, 2, 2, 1.0, rule=RoiPoolRule())
    counts = torch.tensor([100, 0, ROWS - 100])
    rule = RoiPoolRule(batch_rule="counts")
    both("roi_pool", last, rois[:, 1:], 2, 2, 1.0, batch_indices=counts, rule=rule)
    given = RoiPoolRule(batch_rule="given")
    indices = rois[:, 0].long()
    both("roi_pool", features, rois[:, 1:], 2, 2, 1.0, batch_indices=indices, rule=given)


def test_regions_wider_than_the_memory_of_a_warp() -> None:
    features = torch.randn(1, 3, 4, 700, generator=torch.Generator().manual_seed(1))
    rois = torch.tensor([[0.0, 0, 0, 699, 3], [0, 10, 1, 200, 2], [0, 10, 1, 264, 2]])
    both("roi_pool", features, rois, 2, 3, 1.0, rule=RoiPoolRule(), outputs=BOTH_OUTPUTS)
    gradient = gradient_of(features, (3, 3, 2, 3))
    both("roi_pool_backward", gradient, features, rois, 2, 3, 1.0, rule=RoiPoolRule())


@pytest.mark.parametrize("shape", [(0, 3, 5, 5), (2, 0, 5, 5), (2, 3, 0, 5), (2, 3, 5, 0)])
def test_nothing_to_pool(shape: tuple[int, ...]) -> None:
    features = torch.zeros(shape)
    rois = torch.zeros((0 if shape[0] == 0 else 4, 5))
    for rule in (RoiPoolRule(), RoiPoolRule(pooling="average")):
        both("roi_pool", features, rois, 2, 2, 1.0, rule=rule)
        gradient = torch.ones((rois.shape[0], shape[1], 2, 2))
        both("roi_pool_backward", gradient, features, rois, 2, 2, 1.0, rule=rule)


REFUSED = {
    "batch": (0, 3.0, r"roi_pool: rois\[17\]\[0\] is 3, but features has batch size 3"),
    "not finite": (2, float("nan"), r"roi_pool: rois\[17\]\[2\] is nan"),
    "large": (3, 3e10, r"roi_pool: rois\[17\] is .* leaves 32 bits"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_region_is_told_and_gives_nothing(name: str) -> None:
    from opsbridge.frameworks.torch_tensors import TorchTensors

    column, value, message = REFUSED[name]
    features, rois = inputs("float32", 9)
    bad = rois.clone()
    bad[17, column] = value
    layer, operators = DeviceTensors(TorchTensors()), OPERATORS
    rule = RoiPoolRule()
    pooled, argmax = operators["roi_pool"].run(
        layer, features, bad, 2, 2, 1.0, rule=rule, outputs=BOTH_OUTPUTS
    )
    assert pooled[17].isnan().all()
    assert (argmax[17] == -1).all()
    with pytest.raises(ArgumentError, match=message):
        device.raise_refused()
    gradient = torch.ones((ROWS, 9, 2, 2))
    arguments = (features, bad, 2, 2, 1.0)
    (sums,) = operators["roi_pool_backward"].run(layer, gradient, *arguments, rule=rule)
    with pytest.raises(ArgumentError, match=message):
        device.raise_refused()
    gradient[17] = 0
    arguments = (features, rois, 2, 2, 1.0)
    (without,) = operators["roi_pool_backward"].run(layer, gradient, *arguments, rule=rule)
    assert torch.equal(sums, without)
