"""Regions at the limits of what kernels take: refused rows, huge grids, bins without samples."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cases import Array, assert_same_bits, generator
from framework_tensors import framework
from real_frameworks import torchvision_ops

from opsbridge import reference
from opsbridge.core.roi_align import RoiAlignRule, roi_align
from opsbridge.core.roi_pool import RoiPoolRule, roi_pool
from opsbridge.errors import ArgumentError
from opsbridge.frameworks.numpy import LAYER

CORES: dict[str, tuple[Any, Any]] = {
    "roi_align": (roi_align, RoiAlignRule),
    "roi_pool": (roi_pool, RoiPoolRule),
}
HUGE = float(np.finfo(np.float32).max)


def image_of(*shape: int, dtype: Any = np.float32) -> Array:
    """Features without equal numbers."""
    drawn = generator("region limits", *shape).standard_normal(shape)
    return drawn.astype(dtype)


def gives(name: str, *arguments: Any, batch_indices: Any = None, **axes: Any) -> bool:
    """Whether both give a result, of the same bits; else both refuse."""
    core, rule = CORES[name]
    given = {"batch_indices": batch_indices}
    try:
        with np.errstate(all="ignore"):
            expected = getattr(reference, name)(*arguments, **given, **axes)
    except ArgumentError:
        with pytest.raises(ArgumentError):
            core(LAYER, *arguments, **given, rule=rule(**axes))
        return False
    assert_same_bits(core(LAYER, *arguments, **given, rule=rule(**axes))[0], expected)
    return True


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("name", CORES)
@pytest.mark.parametrize(
    ("rule", "allowed"),
    [
        ("integral", [0, 1]),
        ("truncate", [-0.75, 0, 0.49992, 1, 1.5]),
        ("nearest_7e-5", [0, 0.49992, 1]),
    ],
)
def test_columns_that_name_an_image(name: str, rule: str, allowed: list[float], dtype: Any) -> None:
    features = image_of(2, 3, 5, 6, dtype=dtype)
    for column in (-1, -0.75, 0, 0.49992, 1, 1.5, 2, np.nan, np.inf, -np.inf):
        rois = np.array([[0, 1, 1, 3, 3], [column, 0, 1, 4, 3]], dtype)
        more = (1,) if name == "roi_align" else ()
        assert gives(name, features, rois, 2, 2, 1.0, *more, batch_rule=rule) == (column in allowed)


@pytest.mark.parametrize("counts", [[2, 1], [-1, 4], [4, -1], [1, 1], [3, 1], [0, 3]], ids=str)
def test_counts_of_regions(counts: list[int]) -> None:
    rois = np.array([[0, 1, 4, 3], [1, 1, 3, 3], [0, 0, 5, 4]], np.float32)
    call = image_of(2, 3, 5, 6), rois, 2, 2, 1.0
    is_right = gives("roi_pool", *call, batch_indices=np.array(counts), batch_rule="counts")
    assert is_right == (min(counts) >= 0 and sum(counts) == 3)


@pytest.mark.parametrize("nonfinite", ["refuse", "zero"])
@pytest.mark.parametrize("corner", ["round_away", "exact", "round_before_scale"])
def test_corners_that_no_type_holds(corner: str, nonfinite: str) -> None:
    features = image_of(1, 3, 5, 6)
    outcomes = set()
    for place in range(1, 5):
        for odd in (np.nan, np.inf, -np.inf, HUGE, -HUGE, 3e9, -3e9):
            for scale in (1.0, 16.0):
                rois = np.array([[0, 0, 1, 4, 3], [0, 0, 0, 5, 4]], np.float32)
                rois[0, place] = odd
                call = features, rois, 2, 3, scale
                outcomes.add(gives("roi_pool", *call, corner=corner, nonfinite=nonfinite))
    assert outcomes == ({True} if nonfinite == "zero" else {corner != "round_away", False})


def test_a_length_that_overflows_between_two_corners_that_do_not() -> None:
    rois = np.array([[0, -HUGE, 0, HUGE, 4]], np.float32)
    call = image_of(1, 3, 5, 6), rois, 2, 3, 1.0
    assert not gives("roi_pool", *call, corner="exact")


@pytest.mark.parametrize(
    ("shape", "bins"),
    [
        ((2**20 + 1, 1), (1, 1)),
        ((1, 2**20 + 1), (1, 1)),
        ((1025, 1024), (2, 3)),
        ((5, 6), (2**13 + 1, 1)),
        ((5, 6), (1, 2**13 + 1)),
        ((5, 6), (91, 91)),
    ],
)
def test_more_pixels_and_bins_than_blocks_hold(
    shape: tuple[int, int], bins: tuple[int, int]
) -> None:
    real, torch = torchvision_ops(), framework("torch")
    features, (height, width) = image_of(1, 2, *shape), shape
    rois = np.array([[0, 0, 0, width - 1, height - 1], [0, 1, 2, 2, 3]], np.float32)
    (pooled,) = roi_pool(LAYER, features, rois, *bins, 1.0, rule=RoiPoolRule())
    given = torch.from_numpy(features), torch.from_numpy(rois)
    np.testing.assert_array_equal(pooled, real.roi_pool(*given, bins).numpy())


@pytest.mark.parametrize("channels", [3, 5])
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_bins_without_samples(dtype: Any, channels: int) -> None:
    rois = np.array([[0, 1, 1, 1.5, 4], [0, 0, 0, 5, 5], [0, 2, 2, 2.5, 2.5]], dtype)
    for count in ("at_least_one", "product"):
        axes: Any = {"grid": "floor", "min_size": "none", "count": count}
        assert gives(
            "roi_align", image_of(1, channels, 6, 7, dtype=dtype), rois, 2, 2, 1.0, 0, **axes
        )


@pytest.mark.parametrize("accumulate", ["same", "float32"])
def test_samples_on_pixels_are_exact_in_bfloat16(accumulate: Any) -> None:
    torch = framework("torch")
    from opsbridge.frameworks.torch import LAYER as TORCH

    features = torch.from_numpy(image_of(2, 5, 6, 7)).bfloat16()
    rois = torch.tensor([[1, 0, 0, 7, 6], [0, 2, 1, 5, 3]]).bfloat16()
    rule = RoiAlignRule(half_pixel=0.5, accumulate=accumulate)
    (whole,) = roi_align(TORCH, features, rois[:1], 6, 7, 1.0, 1, rule=rule)
    assert torch.equal(whole[0], features[1])
    (part,) = roi_align(TORCH, features, rois[1:], 2, 3, 1.0, 1, rule=rule)
    assert torch.equal(part[0], features[0, :, 1:3, 2:5])
