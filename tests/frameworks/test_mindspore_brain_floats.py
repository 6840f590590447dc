"""bfloat16 on MindSpore tensors: the bits of PyTorch's, though NumPy has no such numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from opsbridge import ops
from opsbridge.errors import ArgumentError
from opsbridge.mmcv.ops import bbox_overlaps
from opsbridge.torchvision.ops import box_convert, clip_boxes_to_image, remove_small_boxes

torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
mindspore = pytest.importorskip("mindspore", reason="needs MindSpore's tensors")

CALLS: dict[str, Callable[[Any], Any]] = {
    "box_convert": lambda boxes: box_convert(boxes, "xyxy", "cxcywh"),
    "clip_boxes_to_image": lambda boxes: clip_boxes_to_image(boxes, (20, 25)),
    "bbox_overlaps": lambda boxes: bbox_overlaps(boxes[:40], boxes[:30]),
    "remove_small_boxes": lambda boxes: remove_small_boxes(boxes, 2.0),
    "nms": lambda boxes: ops.nms(boxes, boxes[:, 0], iou_threshold=0.5),
}


def tensors(count: int) -> tuple[Any, Any]:
    """The same boxes as a tensor of PyTorch and of MindSpore."""
    rng = np.random.default_rng(count)
    boxes = rng.uniform(-3, 30, (count, 4)).astype(np.float32)
    boxes[:, 2:] += abs(boxes[:, :2])
    made = torch.from_numpy(boxes).bfloat16(), mindspore.Tensor(boxes).astype(mindspore.bfloat16)
    return made


def bits(tensor: Any) -> tuple[str, list[Any]]:
    """The dtype, and the numbers as the integers that have their bits."""
    dtype = str(tensor.dtype).rpartition(".")[2].lower()
    if dtype == "bfloat16":
        tensor = tensor.view((torch if isinstance(tensor, torch.Tensor) else mindspore).int16)
    return dtype, np.asarray(tensor.numpy()).tolist()


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("count", [0, 1, 300])
def test_the_bits_are_those_of_pytorch(name: str, count: int) -> None:
    ours, theirs = tensors(count)
    assert bits(CALLS[name](theirs)) == bits(CALLS[name](ours))


def test_a_large_result_is_filled_in_reused_memory() -> None:
    ours, theirs = tensors(40_000)
    assert bits(CALLS["box_convert"](theirs)) == bits(CALLS["box_convert"](ours))


def test_strided_boxes_and_boxes_of_zero_stride() -> None:
    ours, theirs = tensors(12)
    assert bits(box_convert(theirs[::3], "xyxy", "xywh")) == bits(
        box_convert(ours[::3], "xyxy", "xywh")
    )
    same = mindspore.ops.broadcast_to(theirs[:1].astype(mindspore.float32), (5, 4))
    same = same.astype(mindspore.bfloat16)
    assert bits(clip_boxes_to_image(same, (9, 9))) == bits(
        clip_boxes_to_image(ours[:1].expand(5, 4), (9, 9))
    )


def test_gradients_are_bfloat16_too() -> None:
    boxes = mindspore.Tensor([[1.0, 2, 5, 7]], mindspore.bfloat16)

    def total(given: Any) -> Any:
        return box_convert(given, "xyxy", "xywh").astype(mindspore.float32).sum()

    gradient = mindspore.grad(total)(boxes)
    assert bits(gradient) == bits(torch.tensor([[0.0, 0, 1, 1]]).bfloat16())


def test_results_go_into_a_tensor_of_the_caller() -> None:
    ours, theirs = tensors(8)
    out = mindspore.Tensor(np.zeros((8, 4), np.float32)).astype(mindspore.bfloat16)
    ops.clip_boxes(theirs, 20, 25, out=out)
    assert bits(out) == bits(clip_boxes_to_image(ours, (20, 25)))


def test_what_is_refused_names_the_value() -> None:
    _, theirs = tensors(3)
    with pytest.raises(ArgumentError, match="iou_threshold"):
        ops.nms(theirs, theirs[:, 0], iou_threshold=float("nan"))
