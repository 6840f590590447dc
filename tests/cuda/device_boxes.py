"""Drawn calls of the operators on boxes, of their gradients, and of crops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from device_drawing import (
    DTYPES,
    Call,
    Kind,
    Random,
    as_tensor,
    drawn_boxes,
    drawn_rule,
    one_of,
    scaled,
)

from opsbridge.core import OPERATORS
from opsbridge.frameworks.torch_tensors import TorchTensors


def _box_iou(rng: Random, size: float) -> Call:
    rule = drawn_rule(rng, "box_iou", layout=one_of(rng, "xyxy", "yxyx", "xywh", "cxcywh"))
    aligned = rule.pairing == "aligned"
    count, dtype = scaled(150, size), one_of(rng, *DTYPES)
    other_count = count if aligned else int(rng.integers(1, 70))
    boxes, others = (drawn_boxes(rng, each, dtype) for each in (count, other_count))
    arguments = {"boxes": boxes, "other_boxes": others, "rule": rule}
    if rule.result_order == "second_by_first" and not aligned:
        # The results of one of the many boxes come first, and are a case.
        arguments |= {"boxes": others, "other_boxes": boxes}
    if rule.measure in ("diou", "ciou"):
        arguments["epsilon"] = 1e-7
    return Call("box_iou", arguments, case_axes=1)


def _box_iou_gradient(rng: Random, size: float) -> Call:
    return _with_gradient(rng, _box_iou(rng, size * 0.3))


def _shaped(operator: str) -> Callable[[Random, float], Call]:
    """Areas, layouts, boxes cut to an image, and their gradients."""

    def draw(rng: Random, size: float) -> Call:
        name, layouts = operator.removesuffix("_gradient"), ("xyxy", "yxyx", "xywh", "cxcywh")
        is_integer = rng.random() < 0.2 and name == operator
        count = scaled(400, size)
        arguments: dict[str, Any] = {"boxes": drawn_boxes(rng, count, one_of(rng, *DTYPES))}
        if is_integer:
            numbers = torch.from_numpy(rng.integers(0, 60, (count, 4)))
            arguments["boxes"] = numbers.to(getattr(torch, one_of(rng, "int32", "int64", "uint8")))
        chosen = {}
        if name == "box_convert":  # rotated boxes need a sine, which is not the same everywhere
            chosen = {side: one_of(rng, *layouts) for side in ("source_layout", "target_layout")}
        if name == "clip_boxes":
            arguments |= {"height": 30, "width": int(rng.integers(0, 60)) if is_integer else 20.5}
        arguments["rule"] = drawn_rule(rng, name, **chosen)
        call = Call(name, arguments, case_axes=1)
        return call if name == operator else _with_gradient(rng, call)

    return draw


def _with_gradient(rng: Random, call: Call) -> Call:
    """The gradient of a call, from one like its result."""
    (result,) = OPERATORS[call.operator].run(TorchTensors(), **call.arguments)
    gradient = torch.from_numpy(rng.standard_normal(tuple(result.shape))).to(result.dtype)
    axes = call.case_axes if call.operator != "box_iou" else 0
    return Call(f"{call.operator}_gradient", {"gradient": gradient, **call.arguments}, axes)


def _check_valid(rng: Random, size: float) -> Call:
    dtype = one_of(rng, *DTYPES)
    arguments = {
        "boxes": drawn_boxes(rng, scaled(400, size), dtype),
        "image": as_tensor(np.array([30, 45, rng.choice([1.0, 0.7])]), dtype),
        "rule": drawn_rule(rng, "check_valid"),
    }
    return Call("check_valid", arguments, case_axes=1)


def _small_boxes(rng: Random, size: float) -> Call:
    boxes = drawn_boxes(rng, scaled(1000, size), one_of(rng, *DTYPES))
    least = float(rng.choice([0.25, 1.0, 10.0]))
    rule = drawn_rule(rng, "small_boxes")
    return Call("small_boxes", {"boxes": boxes, "min_size": least, "rule": rule})


def _masks_to_boxes(rng: Random, size: float) -> Call:
    shape = (scaled(100, size), int(rng.integers(1, 40)), int(rng.integers(1, 70)))
    masks = rng.random(shape) < rng.choice([0.0, 0.002, 0.3])
    kind = one_of(rng, "bool", "uint8", "float32", "int64")
    arguments = {"masks": as_tensor(masks, kind), "rule": drawn_rule(rng, "masks_to_boxes")}
    return Call("masks_to_boxes", arguments, case_axes=1)


def _coded(operator: str, second: str) -> Callable[[Random, float], Call]:
    def draw(rng: Random, size: float) -> Call:
        name, dtype = operator.removesuffix("_gradient"), one_of(rng, *DTYPES)
        rule = drawn_rule(rng, name)
        names = rule.shape_of_targets if second == "targets" else rule.shape_of_offsets
        # Each anchor meets one other box, or several.
        count = scaled(400, size) if names == ("N", 4) else int(rng.integers(1, 30))
        sizes = {"N": count, "M": int(rng.integers(1, 9)), 4: 4}
        shape = tuple(sizes[each] for each in names)
        arguments: dict[str, Any] = {"anchors": drawn_boxes(rng, count, dtype)}
        if second == "targets":
            arguments[second] = drawn_boxes(rng, shape[0], dtype)
            shape = shape if names == ("N", 4) else (shape[0], count, 4)
        else:
            arguments[second] = as_tensor(rng.normal(0, 0.5, shape), dtype)
        if name != operator:
            arguments["gradient"] = as_tensor(rng.standard_normal(shape), dtype)
        arguments |= {"means": tuple(rng.choice([0.0, 0.1], 4).tolist()), "rule": rule}
        if rng.random() < 0.5:
            arguments["deviations"] = tuple(rng.choice([1.0, 0.2, 0.1], 4).tolist())
        else:
            own = (4,) if rng.random() < 0.5 else (count, 4)
            arguments["anchor_deviations"] = as_tensor(rng.uniform(0.1, 1, own), dtype)
        if second == "offsets":
            arguments["ratio_clip"] = (None, 0.016, 0.5)[rng.integers(3)]
            if rng.random() < 0.7:
                arguments |= {"height": 60, "width": 80}
        roundings = 0 if operator == "box_encode_gradient" else 64
        # Where anchors meet several boxes, the gradients of both have rows of their own.
        axes = 1 if name == operator or names == ("N", 4) else 0
        return Call(operator, arguments, axes, roundings=roundings)

    return draw


def _crop_and_resize(rng: Random, size: float) -> Call:
    count, images = scaled(60, size), int(rng.integers(1, 5))
    start = rng.uniform(-0.3, 1.0, (count, 2))
    boxes = np.concatenate((start, start + rng.uniform(-0.3, 1.0, (count, 2))), axis=1)
    kind = one_of(rng, "float32", "float16", "float64", "uint8", "int32")
    pixels = torch.from_numpy(rng.uniform(0, 200, (images, 9, 12, int(rng.integers(1, 9)))))
    arguments = {
        "images": pixels.to(getattr(torch, kind)),
        "boxes": torch.from_numpy(boxes).float(),
        "batch_indices": torch.from_numpy(rng.integers(0, images, count)),
        "crop_height": int(rng.integers(1, 8)),
        "crop_width": int(rng.integers(1, 8)),
        "extrapolation_value": float(rng.choice([0.0, -3.5])),
        "rule": drawn_rule(rng, "crop_and_resize"),
    }
    return Call("crop_and_resize", arguments, case_axes=1)


BOX = "one box"
SHAPED = (
    *("box_area", "box_convert", "clip_boxes"),
    *("box_area_gradient", "box_convert_gradient", "clip_boxes_gradient"),
)
BOX_KINDS = {
    "box_iou": Kind(_box_iou, "one box against up to 69 others, or its partner", 0.08),
    "box_iou_gradient": Kind(_box_iou_gradient, "one call", 0.0004),
    "box_encode": Kind(_coded("box_encode", "targets"), BOX, 0.03),
    "box_decode": Kind(_coded("box_decode", "offsets"), BOX, 0.03),
    "box_encode_gradient": Kind(_coded("box_encode_gradient", "targets"), BOX, 0.01),
    "box_decode_gradient": Kind(_coded("box_decode_gradient", "offsets"), BOX, 0.01),
    **{name: Kind(_shaped(name), BOX, 0.01) for name in SHAPED},
    "check_valid": Kind(_check_valid, BOX, 0.01),
    "small_boxes": Kind(_small_boxes, "one call", 0.0004),
    "masks_to_boxes": Kind(_masks_to_boxes, "one mask", 0.01),
    "crop_and_resize": Kind(_crop_and_resize, "one crop", 0.03),
}
