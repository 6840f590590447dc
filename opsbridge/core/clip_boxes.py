"""Boxes cut to an image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from opsbridge.core import checks
from opsbridge.core.box_dtypes import NUMBERS, is_integer
from opsbridge.core.checks import Caller
from opsbridge.core.device import native_call
from opsbridge.core.operator import Native, Operator
from opsbridge.core.rules import Rule
from opsbridge.core.tensors import Number, Tensor, TensorLayer


@dataclass(frozen=True)
class ClipBoxesRule(Rule):
    """The axes in which clipping differs between frameworks; the defaults are torchvision's."""

    operator: ClassVar[str] = "clip_boxes"

    box_offset: Literal[0, 1] = 0


_CALLER = Caller("clip_boxes")


def clip_boxes(
    layer: TensorLayer,
    boxes: Tensor,
    height: Number,
    width: Number,
    *,
    rule: ClipBoxesRule,
    outputs: tuple[tuple[str, str], ...] = (("clipped", "promoted"),),
    caller: Caller = _CALLER,
) -> tuple[Tensor, ...]:
    """Move every corner that lies outside an image onto its border.

    `boxes` is (..., 4) as x1, y1, x2, y2, and so is the result; NaN stays. Integers with a size
    that is a float become float32. A NaN size, and a negative one that integer boxes cannot hold,
    is refused with an ArgumentError.
    """
    shape = checks.check_shape(layer, caller, "boxes", boxes, ("...", 4))
    checks.check_rank(caller, "boxes", shape)
    dtype = checks.check_dtype(layer, caller, "boxes", boxes, NUMBERS)
    checks.check_on_host(layer, caller, {"boxes": boxes}, has_cuda=True)
    checks.check_number(caller, "height", height)
    checks.check_number(caller, "width", width)
    arguments = {"height": height, "width": width}
    result_dtype = _result_dtype(outputs[0][1], dtype, arguments)
    clipped = layer.empty(shape, result_dtype, boxes)

    def refuse(refused: int) -> None:
        row = refused // 16
        caller.refuse(
            f"{checks.row_place(caller, 'boxes', shape, row)} is "
            f"{checks.row_values(layer, boxes, shape, row)}; clipped to height {height} and width "
            f"{width} it must fit {result_dtype}"
        )

    call = native_call(layer, "clip_boxes", boxes, refuse)
    refused = call(layer.native(boxes), height, width, clipped, rule.word)
    if refused:
        refuse(refused)
    return (layer.finish(clipped),)


def _result_dtype(wanted: str, main: str, arguments: Mapping[str, Any]) -> str:
    del wanted
    sizes = arguments["height"], arguments["width"]
    return "float32" if is_integer(main) and any(isinstance(s, float) for s in sizes) else main


CLIP_BOXES = Operator(
    name="clip_boxes",
    run=clip_boxes,
    rule=ClipBoxesRule,
    main="boxes",
    shapes=lambda shape, arguments: {"clipped": shape(arguments["boxes"])},
    result_dtype=_result_dtype,
    backward="clip_boxes_gradient",
    native=Native(
        ("boxes", "height", "width", "clipped", "rule"),
        is_on_device=lambda rule, slots, outputs: True,
    ),
)
