"""Area of boxes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from opsbridge.core import checks
from opsbridge.core.box_dtypes import NUMBERS, widened
from opsbridge.core.checks import Caller
from opsbridge.core.device import native_call
from opsbridge.core.operator import Native, Operator
from opsbridge.core.rules import Rule
from opsbridge.core.tensors import Tensor, TensorLayer


@dataclass(frozen=True)
class BoxAreaRule(Rule):
    """The axes in which areas differ between frameworks; the defaults are torchvision's."""

    operator: ClassVar[str] = "box_area"

    layout: Literal["xyxy", "yxyx", "xywh", "cxcywh"] = "xyxy"
    box_offset: Literal[0, 1] = 0


_CALLER = Caller("box_area")


def box_area(
    layer: TensorLayer,
    boxes: Tensor,
    *,
    rule: BoxAreaRule,
    outputs: tuple[tuple[str, str], ...] = (("area", "widened"),),
    caller: Caller = _CALLER,
) -> tuple[Tensor, ...]:
    """Multiply the sides of every box.

    `boxes` is (..., 4), the result (...). 16-bit floats become float32 and small integers int32;
    an integer area that does not fit is refused with an ArgumentError that names the box.
    """
    shape = checks.check_shape(layer, caller, "boxes", boxes, ("...", 4))
    checks.check_rank(caller, "boxes", shape)
    dtype = checks.check_dtype(layer, caller, "boxes", boxes, NUMBERS)
    checks.check_on_host(layer, caller, {"boxes": boxes}, has_cuda=True)
    area = layer.empty(shape[:-1], widened(dtype), boxes)

    def refuse(refused: int) -> None:
        row = refused // 16
        caller.refuse(
            f"{checks.row_place(caller, 'boxes', shape, row)} is "
            f"{checks.row_values(layer, boxes, shape, row)}; its area must fit {widened(dtype)}"
        )

    call = native_call(layer, "box_area", boxes, refuse)
    refused = call(layer.native(boxes), area, rule.word)
    if refused:
        refuse(refused)
    return (layer.finish(area),)


def _result_dtype(wanted: str, main: str, arguments: Mapping[str, Any]) -> str:
    del wanted, arguments
    return widened(main)


BOX_AREA = Operator(
    name="box_area",
    run=box_area,
    rule=BoxAreaRule,
    main="boxes",
    shapes=lambda shape, arguments: {"area": shape(arguments["boxes"])[:-1]},
    result_dtype=_result_dtype,
    backward="box_area_gradient",
    native=Native(
        ("boxes", "area", "rule"),
        is_on_device=lambda rule, slots, outputs: True,
    ),
)
