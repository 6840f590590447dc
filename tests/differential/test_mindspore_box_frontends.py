"""Box operators of MindSpore, class and function, on every family of boxes: bits of the real."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cases import BOXES, assert_same_bits, generator
from framework_tensors import FRAMEWORKS, Array, to_tensor
from memory_layouts import array_of
from real_frameworks import mindspore

from opsbridge.mindspore import ops as ours

COUNTS = ((0, 3), (3, 0), (1, 1), (5, 7), (40, 33))
SETTINGS = (((0.0,) * 4, (1.0,) * 4), ((0.1, -0.2, 0.3, 0.05), (0.1, 0.1, 0.2, 0.2)))
IMAGE_DTYPES = ("int8", "int16", "int32", "int64", "uint8", "uint16", "float16", "float32")


def boxes_of(family: str, rng: np.random.Generator, count: int, dtype: str) -> Array:
    """Boxes with zeros of both signs among them."""
    with np.errstate(over="ignore"):
        made = BOXES[family](rng, count, np.float64 if dtype == "float64" else np.float32)
        boxes: Array = made.astype(dtype)
    if count:
        boxes[0, 0] = boxes[-1, 2] = -0.0
    return boxes


def real(operator: Any, *arguments: Any) -> Array:
    """The result of a real operator, arrays given as its tensors."""
    given = [mindspore().Tensor(a) if isinstance(a, np.ndarray) else a for a in arguments]
    return np.asarray(operator(*given).asnumpy())


def check_both(class_call: Any, function_call: Any, expected: Array) -> None:
    """The two shapes of our API give the same, and what is expected."""
    for result in (class_call, function_call):
        if expected.dtype == np.bool_:
            assert result.dtype == np.bool_
            np.testing.assert_array_equal(result, expected)
        else:
            assert_same_bits(result, expected)


@pytest.mark.parametrize("mode", ["iou", "iof"])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("family", BOXES)
def test_overlaps(family: str, dtype: str, mode: str) -> None:
    rng = generator("mindspore overlaps", family, dtype)
    for counts in COUNTS:
        anchors, truths = (boxes_of(family, rng, count, dtype) for count in counts)
        expected = real(mindspore().ops.IOU(mode), anchors, truths)
        check_both(ours.IOU(mode)(anchors, truths), ours.iou(anchors, truths, mode), expected)


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("dtype", ["float16", "float32"])
# MindSpore flushes subnormal offsets to zero in some calls and not in others.
@pytest.mark.parametrize("family", [family for family in BOXES if family != "subnormal"])
def test_encoding(family: str, dtype: str, settings: Any) -> None:
    rng = generator("encoding", family, dtype)
    for count in (0, 1, 40):
        pair = boxes_of(family, rng, count, dtype), boxes_of(family, rng, count, dtype)
        expected = real(mindspore().ops.BoundingBoxEncode(*settings), *pair)
        check_both(
            ours.BoundingBoxEncode(*settings)(*pair),
            ours.bounding_box_encode(*pair, *settings),
            expected,
        )


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("dtype", ["float16", "float32"])
@pytest.mark.parametrize("family", BOXES)
def test_decoding(family: str, dtype: str, settings: Any) -> None:
    rng = generator("decoding", family, dtype)
    for count in (0, 1, 40):
        anchors = boxes_of(family, rng, count, dtype)
        deltas = rng.normal(0, 3, (count, 4)).astype(dtype)
        if count > 1:
            deltas[1] = [np.nan, np.inf, -np.inf, np.nan]
        for clip in (0.016, 0.5, 2.0, 0.0, -1.0):
            for size in ((60, 80), (0, 0)):
                expected = real(
                    mindspore().ops.BoundingBoxDecode(size, *settings, clip), anchors, deltas
                )
                check_both(
                    ours.BoundingBoxDecode(size, *settings, clip)(anchors, deltas),
                    ours.bounding_box_decode(anchors, deltas, size, *settings, clip),
                    expected,
                )


@pytest.mark.parametrize(
    ("dtype", "image_dtype"),
    [
        *(("float16", "float16"), ("float16", "float32"), ("float32", "float16")),
        *(("float32", "float32"), ("int16", "int16"), ("uint8", "uint8")),
    ],
)
@pytest.mark.parametrize("family", ["random", "degenerate", "nan", "infinite", "dyadic"])
def test_validity(family: str, dtype: str, image_dtype: str) -> None:
    rng = generator("validity", family, dtype)
    for count in (0, 1, 200):
        made = boxes_of(family, rng, count, "float32")
        if np.issubdtype(np.dtype(dtype), np.integer):
            made = np.nan_to_num(np.clip(made, 0, 99), nan=7)
        for image in ((60, 80, 1), (33.3, 44.4, 1.234), (0, 0, 0), (np.nan, 5, 1)):
            if np.issubdtype(np.dtype(image_dtype), np.integer):
                image = np.nan_to_num(image).astype(int).tolist()
            pair = made.astype(dtype), np.array(image, image_dtype)
            expected = real(mindspore().ops.CheckValid(), *pair)
            check_both(ours.CheckValid()(*pair), ours.check_valid(*pair), expected)


@pytest.mark.parametrize("method", ["bilinear", "nearest", "bilinear_v2"])
@pytest.mark.parametrize("dtype", IMAGE_DTYPES)
def test_crops(dtype: str, method: str) -> None:
    for shape in ((2, 7, 9, 3), (1, 1, 1, 1), (3, 5, 2, 0)):
        for size in ((4, 5), (1, 3), (1, 1), (13, 2)):
            rng = generator("crops", method, *shape, *size)
            images = rng.uniform(0, 100, shape).astype(dtype)
            boxes = rng.uniform(-0.3, 1.3, (20, 4)).astype(np.float32)
            boxes[:3] = [[0, 0, 1, 1], [1, 1, 0, 0], [0.5, 0.5, 0.5, 0.5]]
            index = rng.integers(0, shape[0], 20).astype(np.int32)
            operator = mindspore().ops.CropAndResize(method, 0.25)
            check_both(
                ours.CropAndResize(method, 0.25)(images, boxes, index, size),
                ours.crop_and_resize(images, boxes, index, size, method, 0.25),
                real(operator, images, boxes, index, size),
            )


def test_crops_of_no_boxes_and_of_empty_images() -> None:
    index = np.zeros(1, np.int32)
    box = np.array([[0, 0, 1, 1]], np.float32)
    none = ours.CropAndResize()(np.ones((1, 4, 4, 2), np.float32), box[:0], index[:0], (2, 3))
    assert none.shape == (0, 2, 3, 2)
    empty = ours.CropAndResize("bilinear", 0.5)(np.ones((1, 0, 4, 1)), box, index, (2, 2))
    assert empty.ravel().tolist() == [0.5] * 4


BOX_PAIR = np.array([[0, 0, 3, 3], [2, 0, 5, 7]], np.float32)
CALLS: dict[str, Any] = {
    "IOU": lambda t: ours.IOU()(t(BOX_PAIR), t(BOX_PAIR[:1])),
    "BoundingBoxEncode": lambda t: ours.BoundingBoxEncode()(t(BOX_PAIR), t(BOX_PAIR + 1)),
    "BoundingBoxDecode": lambda t: ours.BoundingBoxDecode((4, 5))(t(BOX_PAIR), t(BOX_PAIR / 9)),
    "CheckValid": lambda t: ours.CheckValid()(t(BOX_PAIR), t(np.array([6, 6, 1], np.float32))),
    "CropAndResize": lambda t: ours.CropAndResize()(
        t(np.arange(16, dtype=np.int16).reshape(1, 4, 4, 1)),
        t(BOX_PAIR / np.float32(9)),
        t(np.zeros(2, np.int32)),
        (3, 2),
    ),
}


@pytest.mark.parametrize("kind", FRAMEWORKS)
@pytest.mark.parametrize("name", CALLS)
def test_every_framework(name: str, kind: str) -> None:
    result = array_of(kind, CALLS[name](lambda array: to_tensor(kind, array)))
    np.testing.assert_array_equal(result, CALLS[name](np.array))
