"""The CUDA kernels of roi_align, compiled for the host, give the bits of the CPU kernels."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from device_on_host import DTYPES, DeviceTensors, both

from opsbridge.core import OPERATORS, device
from opsbridge.core.roi_align import RoiAlignRule
from opsbridge.errors import ArgumentError

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.usefixtures("on_device")


def regions(dtype: str, seed: int, channels: int) -> tuple[Any, Any]:
    random = np.random.default_rng(seed)
    kind = getattr(torch, dtype)
    features = torch.tensor(random.normal(size=(3, channels, 19, 37))).to(kind)
    corners = random.uniform(-8, 40, (290, 2))
    rois = np.concatenate(
        (random.integers(0, 3, (290, 1)), corners, corners + random.gamma(2, 6, (290, 2))), axis=1
    )
    rois[:4, 1:] = [[-90, -90, 200, 200], [500, 500, 600, 600], [3, 3, 3, 3], [0, 0, 37, 19]]
    return features, torch.tensor(rois).to(kind)


ALIGN_RULES = {
    "torchvision": RoiAlignRule(),
    "torchvision-cuda": RoiAlignRule(
        unusable_sample="skip", half_pixel=0.5, min_size="none", accumulate="float32"
    ),
    "maximum": RoiAlignRule(reduction="maximum"),
    "corner": RoiAlignRule(reduction="maximum_weighted_corner", count="product", grid="floor"),
    "position-sensitive": RoiAlignRule(channel_map="position_sensitive"),
    "near-zero": RoiAlignRule(near_zero_row="zero", end_offset=1),
}


@pytest.mark.parametrize(("name", "dtype"), list(product(ALIGN_RULES, DTYPES)))
def test_roi_align_and_its_gradient(name: str, dtype: str) -> None:
    rule = ALIGN_RULES[name]
    size, channels = ((3, 2), 12) if name == "position-sensitive" else ((3, 4), 11)
    features, rois = regions(dtype, 11, channels)
    pooled_channels = 2 if name == "position-sensitive" else channels
    gradient = torch.randn(
        (290, pooled_channels, *size), generator=torch.Generator().manual_seed(5)
    ).to(features.dtype)
    for ratio in (2, 0):
        both("roi_align", features, rois, *size, 0.5, ratio, rule=rule)
        both("roi_align_backward", gradient, features, rois, *size, 0.5, ratio, rule=rule)


@pytest.mark.parametrize(
    ("dtype", "channels"),
    [("float32", 3), ("float32", 136), ("float64", 70), ("float16", 36), ("bfloat16", 300)],
)
def test_channels_last_and_planes(dtype: str, channels: int) -> None:
    """Few regions are read from planes, many from a copy; 9 x 14 bins leave in parts."""
    features, rois = regions(dtype, channels, channels)
    features = features[..., :20]
    last = features.to(memory_format=torch.channels_last)
    unaligned = torch.cat((last, last), dim=1).to(memory_format=torch.channels_last)[:, 1:-3]
    for size, count in (((2, 3), 3), ((9, 14), 12)):
        for source in (features, last, unaligned, features.transpose(2, 3)):
            both("roi_align", source, rois[:count], *size, 0.5, 2, rule=RoiAlignRule())
    both("roi_align", last, rois[:3], 9, 14, 1.5, 0, rule=RoiAlignRule())


def test_strided_regions_and_counts() -> None:
    features, rois = regions("float32", 2, 9)
    last = features.to(memory_format=torch.channels_last)
    both("roi_align", last, rois, 2, 2, 1.0, 2, rule=RoiAlignRule())
    counts = torch.tensor([100, 0, 190])
    rule = RoiAlignRule(batch_rule="counts")
    both("roi_align", last, rois[:, 1:], 2, 2, 1.0, 2, batch_indices=counts, rule=rule)


def test_a_refused_region_is_nan_and_told_by_the_next_call() -> None:
    from opsbridge.frameworks.torch_tensors import TorchTensors

    features, rois = regions("float32", 2, 9)
    bad = rois.clone()
    bad[17, 0] = 3
    layer, run = DeviceTensors(TorchTensors()), OPERATORS["roi_align"].run
    message = r"roi_align: rois\[17\]\[0\] is 3, but features has batch size 3"
    (pooled,) = run(layer, features, bad, 2, 2, 1.0, 2, rule=RoiAlignRule())
    assert pooled[17].isnan().all()
    assert not pooled[16].isnan().any()
    with pytest.raises(ArgumentError, match=message):
        run(layer, features, rois, 2, 2, 1.0, 2, rule=RoiAlignRule())
    run(layer, features, bad, 2, 2, 1.0, 2, rule=RoiAlignRule())
    with pytest.raises(ArgumentError, match=message):
        device.raise_refused()
    device.check_values("sync")
    try:
        with pytest.raises(ArgumentError, match=message):
            run(layer, features, bad, 2, 2, 1.0, 2, rule=RoiAlignRule())
    finally:
        device.check_values("deferred")
