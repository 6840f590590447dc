"""The reference RoIAlign against the real frameworks: bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cases import DTYPES, ROIS, assert_same_bits, features, generator
from real_frameworks import mindspore_roi_align, torchvision_roi_align

from opsbridge.errors import ArgumentError
from opsbridge.reference import roi_align

SCALES = (1.0, 0.25, 1 / 3, 1.7)
OUTPUT_SIZES = ((1, 1), (2, 3), (7, 5))
SAMPLING_RATIOS = (-1, 0, 1, 2, 3)
COUNT = 12

MINDSPORE: dict[str, Any] = {
    "grid": "floor",
    "count": "product",
    "unusable_sample": "skip",
    "near_zero_row": "zero",
    "negative_size": "allow",
    "grid_limit": "count",
}
END_MODES: dict[int, dict[str, Any]] = {0: {}, 1: {"end_offset": 1, "min_size": "none"}}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("aligned", [False, True])
@pytest.mark.parametrize("sampling_ratio", SAMPLING_RATIOS)
@pytest.mark.parametrize("family", ROIS)
def test_gives_the_bits_of_torchvision(
    family: str, sampling_ratio: int, aligned: bool, dtype: Any
) -> None:
    axes = {"half_pixel": 0.5, "min_size": "none"} if aligned else {}
    rng = generator("reference roi_align", family, sampling_ratio + 1)
    for output_size in OUTPUT_SIZES:
        image, rois = features(rng, dtype), ROIS[family](rng, COUNT, dtype)
        scale = float(rng.choice(SCALES))
        try:
            real = torchvision_roi_align(image, rois, output_size, scale, sampling_ratio, aligned)
        except RuntimeError:
            with pytest.raises(ArgumentError, match="inverted along one axis"):
                roi_align(image, rois, *output_size, scale, sampling_ratio, **axes)
            continue
        assert_same_bits(roi_align(image, rois, *output_size, scale, sampling_ratio, **axes), real)


@pytest.mark.parametrize("end_mode", [0, 1])
@pytest.mark.parametrize("sample_num", SAMPLING_RATIOS)
@pytest.mark.parametrize("family", ROIS)
def test_gives_the_bits_of_mindspore(family: str, sample_num: int, end_mode: int) -> None:
    rng = generator("reference ROIAlign", family, sample_num + 1)
    for output_size in OUTPUT_SIZES:
        image, rois = features(rng, np.float32), ROIS[family](rng, COUNT, np.float32)
        scale = float(rng.choice(SCALES))
        real = mindspore_roi_align(image, rois, *output_size, scale, sample_num, end_mode)
        axes = {**MINDSPORE, **END_MODES[end_mode]}
        ours = roi_align(image, rois, *output_size, scale, sample_num, **axes)
        # The real operator leaves these rows unwritten.
        written = (np.abs(rois[:, 1]) >= 0.001) | (np.abs(rois[:, 3]) >= 0.001)
        assert_same_bits(ours[written], real[written])
        assert not ours[~written].any()


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_pixel_that_is_no_number_spoils_what_torchvision_spoils(dtype: Any) -> None:
    rng = generator("reference NaN pixel")
    image, rois = features(rng, dtype), ROIS["outside"](rng, COUNT, dtype)
    image[:, :, 0, 0] = np.nan
    image[0, :, 4, 4] = np.inf
    expected = torchvision_roi_align(image, rois, (3, 3), 1.0, 2)
    assert_same_bits(roi_align(image, rois, 3, 3, 1.0, 2), expected)


@pytest.mark.parametrize("shape", [(2, 0, 5, 5), (0, 3, 5, 5), (2, 3, 5, 5)])
def test_no_regions_or_no_channels_give_an_empty_result(shape: tuple[int, int, int, int]) -> None:
    image = np.ones(shape, np.float32)
    rois = np.zeros((0 if shape[1] else 4, 5), np.float32)
    expected = torchvision_roi_align(image, rois, (2, 3))
    assert_same_bits(roi_align(image, rois, 2, 3), expected)


@pytest.mark.parametrize("shape", [(1, 2, 0, 5), (1, 2, 5, 0), (1, 2, 0, 0)])
def test_an_image_without_pixels_gives_zeros(shape: tuple[int, int, int, int]) -> None:
    rois = np.array([[0, 1, 1, 3, 3]], np.float32)
    pooled = roi_align(np.ones(shape, np.float32), rois, 2, 2)
    assert_same_bits(pooled, np.zeros((1, 2, 2, 2), np.float32))


@pytest.mark.parametrize(
    ("column", "batch_rule", "message"),
    [
        (2.0, "integral", r"rois\[1\]\[0\] is 2, but features has batch size 2"),
        (-1.0, "truncate", r"rois\[1\]\[0\] is -1, but features"),
        (0.5, "integral", "whole numbers"),
        (float("nan"), "integral", "finite"),
        (float("inf"), "truncate", "finite"),
        (1.00001, "nearest_7e-5", "batch size 2"),
    ],
)
def test_a_region_outside_the_batch_is_refused(
    column: float, batch_rule: str, message: str
) -> None:
    image = features(generator("batch index"), np.float32)
    rois = np.array([[0, 1, 1, 3, 3], [column, 1, 1, 3, 3]], np.float32)
    with pytest.raises(ArgumentError, match=message):
        roi_align(image, rois, 2, 2, batch_rule=batch_rule)


@pytest.mark.parametrize(("column", "image_index"), [(0.49992, 0), (0.49994, 1), (1.0, 1)])
def test_mindspore_rounds_a_fractional_batch_index(column: float, image_index: int) -> None:
    image = features(generator("rounded batch index"), np.float32)
    rois = np.array([[column, 1, 1, 3, 3]], np.float32)
    rounded = roi_align(image, rois, 2, 2, 1.0, 2, batch_rule="nearest_7e-5")
    whole = roi_align(image, np.array([[image_index, 1, 1, 3, 3]], np.float32), 2, 2, 1.0, 2)
    assert_same_bits(rounded, whole)
    assert_same_bits(mindspore_roi_align(image, rois, 2, 2, 1.0, 2, 0), rounded)
