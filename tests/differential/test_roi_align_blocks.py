"""RoIAlign in blocks of channels: torchvision's bits for every way a block is filled or left."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cases import assert_same_bits, generator
from real_frameworks import TORCHVISION_MISSING

from opsbridge.torchvision.ops import roi_align

torch = pytest.importorskip("torch", reason=TORCHVISION_MISSING)
torchvision = pytest.importorskip("torchvision", reason=TORCHVISION_MISSING)

# Below, at and beyond the channels of a block in float32 (16) and float64 (8).
CHANNELS = (1, 3, 4, 8, 15, 16, 17, 40)
# Few regions bring in the pixels they need, many bring in whole rows.
COUNTS = (1, 5, 90)
LAYOUTS = ("contiguous", "channels_last", "rows_apart", "every_other_column", "expanded")


def laid_out(features: Any, layout: str) -> Any:
    """The same shape and dtype in another layout."""
    if layout == "channels_last":
        return features.to(memory_format=torch.channels_last)
    if layout == "rows_apart":
        return torch.nn.functional.pad(features, (2, 3))[..., 2:-3]
    if layout == "every_other_column":
        return features.repeat_interleave(2, dim=3)[..., ::2]
    if layout == "expanded":
        return features[:, :1].expand(features.shape)
    return features


def drawn(rng: np.random.Generator, dtype: Any, shape: tuple[int, ...], count: int) -> Any:
    """Features, and regions of very different sizes, some beyond the image."""
    features = torch.from_numpy(rng.standard_normal(shape)).to(dtype)
    centre = rng.uniform(-0.1, 1.1, (count, 2)) * [shape[3], shape[2]]
    size = np.exp(rng.uniform(-1, np.log(2 * max(shape[2:])), (count, 2)))
    images = rng.integers(0, shape[0], (count, 1))
    rois = np.concatenate([images, centre - size / 2, centre + size / 2], axis=1)
    return features, torch.from_numpy(rois).to(dtype)


def assert_torchvision_bits(features: Any, rois: Any, *how: Any) -> None:
    """Result and gradient are torchvision's."""
    ours, theirs = features.detach().requires_grad_(), features.detach().requires_grad_()
    result = roi_align(ours, rois, *how)
    expected = torchvision.ops.roi_align(theirs, rois, *how)
    assert_same_bits(result.detach().numpy(), expected.detach().numpy())
    weights = torch.linspace(-1, 1, result.numel(), dtype=result.dtype).reshape(result.shape)
    for output, given in ((result, ours), (expected, theirs)):
        (given.grad,) = torch.autograd.grad(output, given, weights)
    assert ours.grad is not None
    assert theirs.grad is not None
    assert_same_bits(ours.grad.numpy(), theirs.grad.numpy())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("channels", CHANNELS)
def test_any_number_of_channels(channels: int, count: int, dtype: Any) -> None:
    rng = generator("roi_align blocks", str(channels), count)
    for size, ratio in (((7, 7), 2), ((3, 5), 0), ((1, 2), 3), ((2, 2), 1)):
        given = drawn(rng, dtype, (2, channels, 21, 34), count)
        assert_torchvision_bits(*given, size, 0.9, ratio, True)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_any_layout(layout: str) -> None:
    rng = generator("roi_align blocks", layout, 0)
    for count in COUNTS:
        features, rois = drawn(rng, torch.float32, (2, 20, 19, 37), count)
        assert_torchvision_bits(laid_out(features, layout), rois, (4, 3), 0.9, 2, False)


def test_more_bins_than_are_held_at_once() -> None:
    rng = generator("roi_align blocks", "bins", 0)
    for size in ((40, 9), (2, 300)):
        given = drawn(rng, torch.float32, (1, 18, 9, 12), 3)
        assert_torchvision_bits(*given, size, 1.0, 2, True)


def test_more_samples_than_tables_keep() -> None:
    rng = generator("roi_align blocks", "samples", 0)
    for size, ratio in (((2, 3), 60), ((40, 1), 110)):
        given = drawn(rng, torch.float32, (1, 5, 6, 5), 2)
        assert_torchvision_bits(*given, size, 1.0, ratio, True)


@pytest.mark.parametrize("channels", [2, 5])
def test_a_region_much_wider_than_high(channels: int) -> None:
    """More samples in a row than a table keeps, or than weights are made at once."""
    rng = generator("roi_align blocks", "wide", channels)
    features = torch.from_numpy(rng.standard_normal((1, channels, 4, 3000)).astype(np.float32))
    rois = torch.tensor([[0.0, 100, 1, 2900, 2], [0, -2000, 0, 2900, 1], [0, 5, 1, 9, 3]])
    assert_torchvision_bits(features, rois, (1, 1), 1.0, 0, True)


def test_more_tables_than_are_kept_together() -> None:
    """Those of 4,000 samples in a row take 96 kB, and 16 MiB are kept."""
    rng = generator("roi_align blocks", "tables", 0)
    features = torch.from_numpy(rng.standard_normal((1, 1, 3, 4000)).astype(np.float32))
    start = torch.arange(180) / 8
    rois = torch.stack([0 * start, start, 0 * start, start + 4000, 0 * start + 1], dim=1)
    assert_torchvision_bits(features, rois, (1, 1), 1.0, 0, True)


def test_a_result_that_is_streamed() -> None:
    """From 16 MB on, results are written past the caches."""
    rng = generator("roi_align blocks", "streamed", 0)
    features, rois = drawn(rng, torch.float32, (1, 256, 12, 16), 340)
    for channels in (256, 250):
        given = features[:, :channels]
        expected = torchvision.ops.roi_align(given, rois, 7, 1.0, 1)
        assert_same_bits(roi_align(given, rois, 7, 1.0, 1).numpy(), expected.numpy())
