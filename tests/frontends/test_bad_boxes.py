"""Box functions with one argument spoilt: one message format, the right error, nothing computed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from framework_tensors import FRAMEWORKS, framework, to_tensor

from opsbridge.core import OPERATORS
from opsbridge.core.box_iou import BoxIouRule
from opsbridge.errors import ArgumentError, DeviceError, DtypeError, OpsbridgeError
from opsbridge.frameworks.numpy import LAYER
from opsbridge.mindspore import ops as mindspore
from opsbridge.mmcv import ops as mmcv
from opsbridge.torchvision import ops as torchvision

BOXES = np.array([[0, 0, 4, 4], [2, 0, 6, 8]], np.float32)
IMAGE = np.zeros((2, 4, 4, 1), np.float32)
INDEX = np.zeros(2, np.int32)
META = np.array([6, 6, 1], np.float32)
WIDE = "expected (..., N, 4)"
FLOATS = "float16, bfloat16, float32, float64"
NUMBERS = f"uint8, int8, int16, int32, int64, {FLOATS}"

Case = tuple[Any, tuple[Any, ...], dict[str, Any], type[OpsbridgeError], str]

CASES: list[Case] = [
    (torchvision.box_iou, (BOXES[:, :3], BOXES), {}, ArgumentError,
     f"box_iou: boxes1 has shape (2, 3); {WIDE}"),
    (torchvision.box_iou, (BOXES, BOXES.astype(bool)), {}, DtypeError,
     f"box_iou: boxes2 is bool; allowed: {NUMBERS}"),
    (torchvision.box_iou, (BOXES, BOXES), {"fmt": "yxyx"}, ArgumentError,
     "box_iou: fmt is 'yxyx'; allowed: 'xyxy', 'xywh', 'cxcywh', 'xywhr', 'cxcywhr', "
     "'xyxyxyxy'"),
    (torchvision.box_iou, (BOXES, BOXES), {"fmt": 1}, DtypeError,
     "box_iou: fmt is 1 (int); expected a string"),
    (torchvision.box_iou, (np.zeros((2, 1, 4)), np.zeros((3, 1, 4))), {}, ArgumentError,
     "box_iou: boxes2 has shape (3, 1, 4), but boxes1 has shape (2, 1, 4); "
     "the axes before the last two must broadcast"),
    (torchvision.box_iou, (np.array([[0, 0, 1, 2**30]]), np.array([[0, 0, 1, 1]])), {},
     ArgumentError, "box_iou: boxes1[0] is (0, 0, 1, 1073741824); "
     "integer coordinates must be in (-1073741824, 1073741824)"),
    (torchvision.box_iou, (np.zeros((1, 1, 4), int), np.full((2, 3, 4), -2**40)), {},
     ArgumentError, "box_iou: boxes2[0][0] is (-1099511627776, -1099511627776, -1099511627776, "
     "-1099511627776); integer coordinates must be in (-1073741824, 1073741824)"),
    (torchvision.complete_box_iou, (BOXES, BOXES, "small"), {}, DtypeError,
     "complete_box_iou: eps is 'small' (str); expected a number"),
    (torchvision.box_area, (BOXES[0, :2],), {}, ArgumentError,
     "box_area: boxes has shape (2,); expected (..., 4)"),
    (torchvision.box_area, (np.array([[[0, 0, 2**20, 2**20]]], np.int32),), {}, ArgumentError,
     "box_area: boxes[0][0] is (0, 0, 1048576, 1048576); its area must fit int32"),
    (torchvision.box_convert, (BOXES, "xyxy", "xy"), {}, ArgumentError,
     "box_convert: out_fmt is 'xy'; allowed: 'xyxy', 'xywh', 'cxcywh', 'xywhr', 'cxcywhr', "
     "'xyxyxyxy'"),
    (torchvision.box_convert, (np.array([[9, 9, 250, 9]], np.uint8), "xywh", "xyxy"), {},
     ArgumentError, "box_convert: boxes[0] is (9, 9, 250, 9); as xyxy it must fit uint8"),
    (torchvision.box_convert, (np.array([[9, 9, 2**62, 9]]), "xywh", "xyxy"), {}, ArgumentError,
     "box_convert: boxes[0] is (9, 9, 4611686018427387904, 9); as xyxy it must fit int64"),
    (torchvision.clip_boxes_to_image, (BOXES, 5), {}, DtypeError,
     "clip_boxes_to_image: size is 5 (int); expected a pair of numbers"),
    (torchvision.clip_boxes_to_image, (BOXES, (5, 6, 7)), {}, ArgumentError,
     "clip_boxes_to_image: size is (5, 6, 7) (tuple); expected a pair of numbers"),
    (torchvision.clip_boxes_to_image, (BOXES, (5, float("nan"))), {}, ArgumentError,
     "clip_boxes_to_image: size is nan; it must be a number"),
    (torchvision.remove_small_boxes, (BOXES, None), {}, DtypeError,
     "remove_small_boxes: min_size is None (NoneType); expected a number"),
    (torchvision.remove_small_boxes, (BOXES, 2**70), {}, ArgumentError,
     "remove_small_boxes: min_size is 1180591620717411303424; it must fit in 64 bits"),
    (torchvision.remove_small_boxes, (np.array([[-2**62, 0, 9, 9]]), 3), {}, ArgumentError,
     "remove_small_boxes: boxes[0] is (-4611686018427387904, 0, 9, 9); its sides must fit int64"),
    (torchvision.masks_to_boxes, (BOXES,), {}, ArgumentError,
     "masks_to_boxes: masks has shape (2, 4); expected (N, H, W)"),
    (mindspore.IOU(), (BOXES.astype(int), BOXES), {}, DtypeError,
     "IOU: anchor_boxes is int64; allowed: float16, float32, float64"),
    (mindspore.iou, (BOXES, BOXES.astype(np.float64)), {}, DtypeError,
     "iou: gt_boxes is float64, but anchor_boxes is float32; they must be equal"),
    (mindspore.BoundingBoxEncode(), (BOXES, BOXES[:1]), {}, ArgumentError,
     "BoundingBoxEncode: groundtruth_box has 1 entries, but anchor_box has 2; they must be equal"),
    (mindspore.bounding_box_encode, (BOXES, BOXES, (0.0,) * 3), {}, ArgumentError,
     "bounding_box_encode: means has 3 numbers; it must have 4"),
    (mindspore.bounding_box_encode, (BOXES, BOXES), {"stds": (1, 1, 1, 1)}, DtypeError,
     "bounding_box_encode: stds is (1, 1, 1, 1) (tuple); expected a tuple of floats"),
    (mindspore.bounding_box_decode, (BOXES, BOXES, (4.5, 3)), {}, ArgumentError,
     "bounding_box_decode: max_shape is (4.5, 3) (tuple); expected a pair of integers"),
    (mindspore.bounding_box_decode, (BOXES, BOXES, (4, 3)), {"wh_ratio_clip": 1}, DtypeError,
     "bounding_box_decode: wh_ratio_clip is 1 (int); expected a float"),
    (mindspore.CheckValid(), (BOXES, META[:2]), {}, ArgumentError,
     "CheckValid: img_metas has shape (2,); expected (3,)"),
    (mindspore.check_valid, (BOXES.astype(np.float64), META), {}, DtypeError,
     "check_valid: bboxes is float64; allowed: uint8, int16, float16, float32"),
    (mindspore.CropAndResize(), (IMAGE, BOXES, INDEX + np.int32(2), (2, 2)), {}, ArgumentError,
     "CropAndResize: box_index[0] is 2, but x has batch size 2; "
     "batch indices must be in [0, 2)"),
    (mindspore.crop_and_resize, (IMAGE, BOXES * np.float32("nan"), INDEX, (2, 2)), {},
     ArgumentError, "crop_and_resize: boxes[0] is (nan, nan, nan, nan); "
     "box coordinates must be finite and within 1e9"),
    (mindspore.crop_and_resize, (IMAGE, BOXES, INDEX, (0, 2)), {}, ArgumentError,
     "crop_and_resize: crop_size is 0; it must be at least 1"),
    (mindspore.crop_and_resize, (IMAGE, BOXES, INDEX[:1], (2, 2)), {}, ArgumentError,
     "crop_and_resize: box_indices has 1 entries, but boxes has 2; they must be equal"),
    (mindspore.crop_and_resize, (IMAGE, BOXES, INDEX, (2, 2)), {"method": "cubic"}, ArgumentError,
     "crop_and_resize: method is 'cubic'; allowed: 'bilinear', 'nearest', 'bilinear_v2'"),
    (mmcv.bbox_overlaps, (BOXES, BOXES[:1]), {"aligned": True}, ArgumentError,
     "bbox_overlaps: bboxes2 has 1 entries, but bboxes1 has 2; they must be equal"),
    (mmcv.bbox_overlaps, (BOXES, BOXES), {"offset": 2}, ArgumentError,
     "bbox_overlaps: offset is 2; allowed: 0, 1"),
    (mmcv.bbox_overlaps, (BOXES, BOXES, "giou"), {}, ArgumentError,
     "bbox_overlaps: mode is 'giou'; allowed: 'iou', 'iof'"),
]  # fmt: skip


@pytest.mark.parametrize("kind", FRAMEWORKS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case[4][:70])
def test_refused(case: Case, kind: str) -> None:
    function, arguments, options, error, message = case
    given = [to_tensor(kind, a) if isinstance(a, np.ndarray) else a for a in arguments]
    with pytest.raises(error) as caught:
        function(*given, **options)
    assert str(caught.value) == message


def test_more_axes_than_kernels_follow() -> None:
    with pytest.raises(ArgumentError, match=r"^box_area: boxes has 9 axes; at most 8 are allowed$"):
        torchvision.box_area(np.zeros((1,) * 8 + (4,)))


def test_integers_where_nothing_is_widened() -> None:
    with pytest.raises(DtypeError, match=f"^box_iou: boxes is int64; allowed: {FLOATS}$"):
        OPERATORS["box_iou"].run(
            LAYER, BOXES.astype(int), BOXES.astype(int), rule=BoxIouRule(widening="none")
        )


def test_two_devices() -> None:
    torch = framework("torch")
    given = torch.from_numpy(BOXES)
    with pytest.raises(DeviceError, match=r"^box_iou: boxes2 is on meta, but boxes1"):
        torchvision.box_iou(given, given.to("meta"))
