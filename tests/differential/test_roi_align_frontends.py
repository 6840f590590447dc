"""RoIAlign through every API shape on every framework's tensors: the bits of the real one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cases import BATCH, DTYPES, ROIS, assert_same_bits, features, generator
from framework_tensors import FRAMEWORKS, to_tensor
from memory_layouts import MEMORY, array_of
from real_frameworks import (
    mindspore_roi_align,
    torch_tensor,
    torchvision_ops,
    torchvision_roi_align,
)

from opsbridge.errors import ArgumentError
from opsbridge.mindspore.ops import ROIAlign
from opsbridge.torchvision.ops import RoIAlign, roi_align

SCALES = (1.0, 0.25, 1 / 3, 1.7)
OUTPUT_SIZES: tuple[tuple[int, int], ...] = ((1, 1), (2, 3), (7, 5), (7, 7))
SAMPLING_RATIOS = (-1, 0, 1, 2, 3)
COUNT = 25


@pytest.mark.parametrize("kind", FRAMEWORKS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("aligned", [False, True])
@pytest.mark.parametrize("ratio", SAMPLING_RATIOS)
@pytest.mark.parametrize("family", ROIS)
def test_torchvision_shapes(family: str, ratio: int, aligned: bool, dtype: Any, kind: str) -> None:
    rng = generator("roi_align front-end", family, ratio + 1)
    for size in OUTPUT_SIZES:
        image, rois = features(rng, dtype), ROIS[family](rng, COUNT, dtype)
        scale = float(rng.choice(SCALES))
        given = to_tensor(kind, image), to_tensor(kind, rois)
        try:
            real = torchvision_roi_align(image, rois, size, scale, ratio, aligned)
        except RuntimeError:
            with pytest.raises(ArgumentError, match="inverted in one axis"):
                roi_align(*given, size, scale, ratio, aligned)
            continue
        assert_same_bits(array_of(kind, roi_align(*given, size, scale, ratio, aligned)), real)
        layer = RoIAlign(size, scale, ratio, aligned)
        assert_same_bits(array_of(kind, layer(*given)), real)
        assert_same_bits(array_of(kind, given[0]), image)
        assert_same_bits(array_of(kind, given[1]), rois)


@pytest.mark.parametrize("kind", FRAMEWORKS)
@pytest.mark.parametrize("end_mode", [0, 1])
@pytest.mark.parametrize("sample_num", SAMPLING_RATIOS)
@pytest.mark.parametrize("family", ROIS)
def test_mindspore_shape(family: str, sample_num: int, end_mode: int, kind: str) -> None:
    rng = generator("ROIAlign front-end", family, sample_num + 1)
    for size in OUTPUT_SIZES:
        image, rois = features(rng, np.float32), ROIS[family](rng, COUNT, np.float32)
        arguments = (*size, float(rng.choice(SCALES)), sample_num, end_mode)
        real = mindspore_roi_align(image, rois, *arguments)
        given = to_tensor(kind, image), to_tensor(kind, rois)
        ours = array_of(kind, ROIAlign(*arguments)(*given))
        # The real operator leaves these rows unwritten; tests/deviations/ says what ours are.
        written = (np.abs(rois[:, 1]) >= 0.001) | (np.abs(rois[:, 3]) >= 0.001)
        assert_same_bits(ours[written], real[written])
        assert_same_bits(array_of(kind, given[0]), image)
        assert_same_bits(array_of(kind, given[1]), rois)


@pytest.mark.parametrize("kind", FRAMEWORKS)
@pytest.mark.parametrize("aligned", [False, True])
@pytest.mark.parametrize("lengths", [(3, 4), (0, 5), (5, 0), (0, 0), (1, 1)])
def test_one_tensor_of_boxes_per_image(lengths: tuple[int, int], aligned: bool, kind: str) -> None:
    rng = generator("list of boxes", *lengths)
    for dtype in DTYPES:
        image = features(rng, dtype)
        lists = [np.ascontiguousarray(ROIS["inside"](rng, n, dtype)[:, 1:]) for n in lengths]
        assert len(lists) == BATCH
        tensors = [torch_tensor(boxes) for boxes in lists]
        roi_align_real = torchvision_ops().roi_align
        real = roi_align_real(torch_tensor(image), tensors, (2, 3), 0.5, 2, aligned).numpy()
        for container in (list, tuple):
            boxes = container(to_tensor(kind, array) for array in lists)
            ours = roi_align(to_tensor(kind, image), boxes, (2, 3), 0.5, 2, aligned)
            assert_same_bits(array_of(kind, ours), real)
            layer = RoIAlign((2, 3), 0.5, 2, aligned)
            assert_same_bits(array_of(kind, layer(to_tensor(kind, image), boxes)), real)


@pytest.mark.parametrize("kind", FRAMEWORKS)
def test_output_size_is_one_number_or_two(kind: str) -> None:
    rng = generator("output size")
    image, rois = features(rng, np.float32), ROIS["inside"](rng, 5, np.float32)
    given = to_tensor(kind, image), to_tensor(kind, rois)
    for size in (1, 3, (3, 3), [3, 4], (4, 1)):
        real = torchvision_roi_align(image, rois, size, sampling_ratio=2)
        ours = roi_align(*given, output_size=size, sampling_ratio=2)
        assert_same_bits(array_of(kind, ours), real)


@pytest.mark.parametrize("kind", FRAMEWORKS)
def test_defaults_are_those_of_the_framework(kind: str) -> None:
    rng = generator("defaults")
    image, rois = features(rng, np.float32), ROIS["inside"](rng, 9, np.float32)
    given = to_tensor(kind, image), to_tensor(kind, rois)
    real = torchvision_roi_align(image, rois, 2)
    assert_same_bits(array_of(kind, roi_align(*given, 2)), real)
    real = mindspore_roi_align(image, rois, 2, 2, 0.5)
    assert_same_bits(array_of(kind, ROIAlign(2, 2, 0.5)(*given)), real)


@pytest.mark.parametrize("memory", MEMORY)
def test_any_memory(memory: str) -> None:
    kind, lay_out = MEMORY[memory]
    rng = generator("roi memory", memory)
    for dtype in DTYPES:
        image, rois = features(rng, dtype), ROIS["outside"](rng, 7, dtype)
        for ratio in (-1, 2):
            ours = roi_align(lay_out(image), lay_out(rois), (2, 3), 0.7, ratio, True)
            real = torchvision_roi_align(image, rois, (2, 3), 0.7, ratio, True)
            assert_same_bits(array_of(kind, ours), real)
    image, rois = features(rng, np.float32), ROIS["inside"](rng, 7, np.float32)
    ours = ROIAlign(2, 3, 0.7)(lay_out(image), lay_out(rois))
    assert_same_bits(array_of(kind, ours), mindspore_roi_align(image, rois, 2, 3, 0.7))


@pytest.mark.parametrize("kind", FRAMEWORKS)
@pytest.mark.parametrize(
    ("shape", "count"), [((2, 0, 5, 5), 4), ((2, 3, 5, 5), 0), ((0, 3, 5, 5), 0), ((2, 0, 5, 5), 0)]
)
def test_empty_inputs(shape: tuple[int, int, int, int], count: int, kind: str) -> None:
    rng = generator("empty front-end", count)
    for dtype in DTYPES:
        image, rois = np.ones(shape, dtype), ROIS["inside"](rng, count, dtype)
        real = torchvision_roi_align(image, rois, (2, 3))
        given = to_tensor(kind, image), to_tensor(kind, rois)
        assert_same_bits(array_of(kind, roi_align(*given, (2, 3))), real)


@pytest.mark.parametrize("kind", FRAMEWORKS)
@pytest.mark.parametrize("pixel", [np.nan, np.inf, -np.inf])
def test_pixels_that_are_no_numbers(pixel: float, kind: str) -> None:
    rng = generator("pixels")
    for dtype in DTYPES:
        image, rois = features(rng, dtype), ROIS["outside"](rng, COUNT, dtype)
        image[0, 0, 0, 0] = image[1, 1, 4, 6] = pixel
        given = to_tensor(kind, image), to_tensor(kind, rois)
        real = torchvision_roi_align(image, rois, 3, 1.0, 2)
        assert_same_bits(array_of(kind, roi_align(*given, 3, 1.0, 2)), real)
    written = np.abs(rois[:, 1]) >= 0.001
    image, rois = image.astype(np.float32), rois.astype(np.float32)
    given = to_tensor(kind, image), to_tensor(kind, rois)
    real = mindspore_roi_align(image, rois, 3, 3, 1.0, 2, 1)
    ours = array_of(kind, ROIAlign(3, 3, 1.0, 2, 1)(*given))
    assert_same_bits(ours[written], real[written])
