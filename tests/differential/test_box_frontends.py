"""Box functions of torchvision on every dtype and family of boxes: bits of the real ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cases import BOXES, DTYPES, assert_same_bits, generator
from framework_tensors import FRAMEWORKS, Array, to_tensor
from memory_layouts import MEMORY, array_of
from real_frameworks import torch_tensor, torchvision_ops

from opsbridge.torchvision import ops as ours

FORMATS = ("xyxy", "xywh", "cxcywh")
INTEGERS = ("int8", "int16", "int32", "int64")
NUMBERS = ("float16", "bfloat16", "float32", "float64", *INTEGERS, "uint8")
COUNTS = ((0, 3), (3, 0), (1, 1), (5, 7), (40, 33))


def boxes_of(family: str, rng: np.random.Generator, count: int, dtype: str) -> Any:
    """Boxes as a torch tensor; integers small enough that the real sums do not wrap."""
    torch = pytest.importorskip("torch", reason="compares with torchvision on torch tensors")
    made = BOXES[family](rng, count, np.float64 if dtype == "float64" else np.float32)
    if dtype in INTEGERS or dtype == "uint8":
        made = np.nan_to_num(np.clip(made, 0, 60), nan=7).round()
        if dtype == "uint8":
            made = np.sort(made.reshape(-1, 2, 2), axis=1).reshape(-1, 4)
    elif len(made):
        made[0, 0] = made[-1, 2] = -0.0
    return torch.from_numpy(made).to(getattr(torch, dtype))


def check_same(actual: Any, expected: Any) -> None:
    """Equal dtype, shape and bits of two torch tensors; any NaN equals any NaN."""
    assert actual.dtype == expected.dtype
    if expected.element_size() == 2:  # NumPy has no bfloat16; widening keeps every bit
        actual, expected = actual.float(), expected.float()
    assert_same_bits(actual.numpy(), expected.numpy())


def check_call(name: str, *arguments: Any) -> None:
    """One function gives what the real one gives."""
    check_same(getattr(ours, name)(*arguments), getattr(torchvision_ops(), name)(*arguments))


@pytest.mark.parametrize("dtype", [dtype for dtype in NUMBERS if dtype != "uint8"])
@pytest.mark.parametrize("family", BOXES)
def test_overlaps(family: str, dtype: str) -> None:
    rng = generator("overlaps", family, dtype)
    for counts in COUNTS:
        pair = [boxes_of(family, rng, count, dtype) for count in counts]
        for layout in FORMATS if dtype != "int8" else FORMATS[:1]:
            check_call("box_iou", *pair, layout)
        check_call("generalized_box_iou", *pair)
        check_call("distance_box_iou", *pair)
        check_call("distance_box_iou", *pair, 0.5)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64", "int32"])
@pytest.mark.parametrize("family", ["random", "clustered", "degenerate", "nan"])
def test_complete_overlaps_up_to_the_arctangent(family: str, dtype: str) -> None:
    rng = generator("complete", family, dtype)
    for counts in COUNTS:
        pair = [boxes_of(family, rng, count, dtype) for count in counts]
        actual, expected = ours.complete_box_iou(*pair), torchvision_ops().complete_box_iou(*pair)
        assert (actual.dtype, actual.shape) == (expected.dtype, expected.shape)
        # Two arctangents, each one unit in the last place off, below pi / 2.
        unit = np.finfo(actual.numpy().dtype).eps
        np.testing.assert_allclose(actual.numpy(), expected.numpy(), rtol=8 * unit, atol=8 * unit)


@pytest.mark.parametrize("dtype", NUMBERS)
@pytest.mark.parametrize("family", BOXES)
def test_single_boxes(family: str, dtype: str) -> None:
    rng = generator("single boxes", family, dtype)
    for count in (0, 1, 5, 64):
        boxes = boxes_of(family, rng, count, dtype)
        for layout in FORMATS:
            check_call("box_area", boxes, layout)
        for size in ((30, 40), (30.3, 40.7), (30, 40.1), (0, 0), (float("inf"), 3)):
            check_call("clip_boxes_to_image", boxes, size)
        for least in (0, 1, 5.5, 0.1, 20, float("inf")):
            check_call("remove_small_boxes", boxes, least)


@pytest.mark.parametrize("target", FORMATS)
@pytest.mark.parametrize("source", FORMATS)
@pytest.mark.parametrize("dtype", NUMBERS)
def test_formats(dtype: str, source: str, target: str) -> None:
    if dtype == "uint8" and source != target:
        rng = generator("formats", source, target)
        sizes = boxes_of("random", rng, 40, dtype) // 2  # no difference below 0, no sum above 255
        check_call("box_convert", sizes, source, target)
        return
    for family in BOXES:
        rng = generator("formats", family, dtype)
        for count in (0, 1, 40):
            boxes = boxes_of(family, rng, count, dtype)
            check_call("box_convert", boxes // 2 if dtype == "int8" else boxes, source, target)


@pytest.mark.parametrize("dtype", ["bool", *NUMBERS])
def test_masks(dtype: str) -> None:
    torch = pytest.importorskip("torch", reason="compares with torchvision on torch tensors")
    rng = generator("masks", dtype)
    for shape in ((0, 3, 4), (2, 0, 3), (3, 4, 0), (3, 1, 1), (40, 7, 9)):
        masks = torch_tensor(rng.random(shape) < 0.1).to(getattr(torch, dtype))
        check_call("masks_to_boxes", masks)
        check_call("masks_to_boxes", masks.transpose(1, 2))


def test_nan_masks_count_as_set() -> None:
    check_call("masks_to_boxes", torch_tensor(np.array([[[0, np.nan], [-0.0, 0]]], np.float32)))


@pytest.mark.parametrize(
    ("leading", "others"), [((3, 1), (4,)), ((), (2, 3)), ((1,), (5,)), ((0,), (1,)), ((2, 3), ())]
)
def test_leading_axes_broadcast(leading: tuple[int, ...], others: tuple[int, ...]) -> None:
    rng = generator("leading axes", *leading)
    first = torch_tensor(rng.uniform(0, 50, (*leading, 5, 4)))
    second = torch_tensor(rng.uniform(0, 50, (*others, 6, 4)))
    for name in ("box_iou", "generalized_box_iou", "distance_box_iou"):
        check_call(name, first, second)


@pytest.mark.parametrize("shape", [(4,), (2, 3, 4), (0, 2, 4), (2, 1, 2, 3, 1, 2, 1, 4)])
def test_any_rank(shape: tuple[int, ...]) -> None:
    boxes = torch_tensor(generator("rank", *shape).uniform(-20, 60, shape))
    check_call("box_area", boxes)
    check_call("box_convert", boxes, "xywh", "cxcywh")
    check_call("clip_boxes_to_image", boxes, (20, 30))


CALLS: dict[str, Any] = {
    "box_iou": lambda boxes: ours.box_iou(boxes, boxes, "cxcywh"),
    "generalized_box_iou": lambda boxes: ours.generalized_box_iou(boxes, boxes),
    "box_area": ours.box_area,
    "box_convert": lambda boxes: ours.box_convert(boxes, "xyxy", "cxcywh"),
    "clip_boxes_to_image": lambda boxes: ours.clip_boxes_to_image(boxes, (20, 30)),
    "remove_small_boxes": lambda boxes: ours.remove_small_boxes(boxes, 20.5),
}


def plain(call: Any, boxes: Array) -> Array:
    """The result on a NumPy array of its own memory."""
    return np.asarray(call(np.array(boxes)))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("size", [(0, 0), (2, 2), (-0.0, -0.0)])
def test_zeros_keep_or_take_the_sign_that_torchvision_gives_them(size: Any, dtype: Any) -> None:
    boxes = np.array([[-0.0, 0.0, -0.0, 0.0], [0.0, -0.0, 3, -3]], dtype)
    real = torchvision_ops().clip_boxes_to_image(torch_tensor(boxes), size).numpy()
    assert ours.clip_boxes_to_image(boxes, size).tobytes() == real.tobytes()


@pytest.mark.parametrize("memory", MEMORY)
@pytest.mark.parametrize("name", CALLS)
def test_any_memory(name: str, memory: str) -> None:
    kind, lay_out = MEMORY[memory]
    for dtype in DTYPES:
        boxes = BOXES["clustered"](generator("memory", name), 17, dtype)
        result = array_of(kind, CALLS[name](lay_out(boxes)))
        assert_same_bits(result, plain(CALLS[name], boxes))


@pytest.mark.parametrize("kind", FRAMEWORKS)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int32", "uint8"])
@pytest.mark.parametrize("name", CALLS)
def test_every_framework(name: str, dtype: str, kind: str) -> None:
    boxes = np.sort(generator("every framework").integers(0, 60, (9, 2, 2)), axis=1)
    boxes = boxes.reshape(9, 4).astype(dtype)
    result = array_of(kind, CALLS[name](to_tensor(kind, boxes)))
    assert_same_bits(result, plain(CALLS[name], boxes))


@pytest.mark.parametrize("kind", FRAMEWORKS)
def test_masks_of_every_framework(kind: str) -> None:
    masks = generator("masks").random((5, 6, 7)) < 0.1
    result = array_of(kind, ours.masks_to_boxes(to_tensor(kind, masks)))
    assert_same_bits(result, plain(ours.masks_to_boxes, masks))
