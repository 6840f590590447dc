"""Boxes from one layout of coordinates to another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from opsbridge.core import checks
from opsbridge.core.box_dtypes import NUMBERS, is_integer
from opsbridge.core.box_layouts import INTEGER_BOUND, ROTATED, columns_of
from opsbridge.core.checks import Caller
from opsbridge.core.device import native_call
from opsbridge.core.operator import Native, Operator
from opsbridge.core.rules import Rule
from opsbridge.core.tensors import Tensor, TensorLayer


@dataclass(frozen=True)
class BoxConvertRule(Rule):
    """Which layout the boxes have, and which they get."""

    operator: ClassVar[str] = "box_convert"

    source_layout: Literal["xyxy", "yxyx", "xywh", "cxcywh", "xywhr", "cxcywhr", "xyxyxyxy"] = (
        "xyxy"
    )
    target_layout: Literal["xyxy", "yxyx", "xywh", "cxcywh", "xywhr", "cxcywhr", "xyxyxyxy"] = (
        "xyxy"
    )


_LEAVES_DTYPE = 1
_CALLER = Caller("box_convert")


def box_convert(
    layer: TensorLayer,
    boxes: Tensor,
    *,
    rule: BoxConvertRule,
    outputs: tuple[tuple[str, str], ...] = (("converted", "promoted"),),
    caller: Caller = _CALLER,
) -> tuple[Tensor, ...]:
    """Write every box in another layout; equal layouts give a copy.

    `boxes` is (..., 4), and so is the result; rotated boxes are (..., 5) with an angle in degrees
    and (..., 8) as corners, and stay rotated. Integers stay integers, those of rotated boxes as
    the nearest ones, but become float32 from and to layouts with a centre and without an angle. An
    integer result that its dtype cannot hold is refused with an ArgumentError that names the box,
    and so are integer corners of 2^30 and more. NaN and infinite numbers spread.
    """
    if (rule.source_layout in ROTATED) != (rule.target_layout in ROTATED):
        caller.refuse(
            f"{caller.argument('source_layout')} is {rule.source_layout!r}, but "
            f"{caller.argument('target_layout')} is {rule.target_layout!r}; "
            "both or none must be rotated",
            "target_layout",
        )
    columns = columns_of(rule.source_layout)
    shape = checks.check_shape(layer, caller, "boxes", boxes, ("...", columns))
    checks.check_rank(caller, "boxes", shape)
    dtype = checks.check_dtype(layer, caller, "boxes", boxes, NUMBERS)
    is_rotated = rule.source_layout in ROTATED
    checks.check_on_host(layer, caller, {"boxes": boxes}, has_cuda=not is_rotated)
    result_dtype = _result_dtype(outputs[0][1], dtype, {"rule": rule})
    converted = layer.empty(_result_shape(shape, rule), result_dtype, boxes)

    def refuse(refused: int) -> None:
        row, why = divmod(refused, 16)
        wanted = (
            f"as {rule.target_layout} it must fit {result_dtype}"
            if why == _LEAVES_DTYPE
            else f"integer coordinates must be in (-{INTEGER_BOUND}, {INTEGER_BOUND})"
        )
        caller.refuse(
            f"{checks.row_place(caller, 'boxes', shape, row)} is "
            f"{checks.row_values(layer, boxes, shape, row)}; {wanted}"
        )

    call = native_call(layer, "box_convert", boxes, refuse)
    refused = call(layer.native(boxes), converted, rule.word)
    if refused:
        refuse(refused)
    return (layer.finish(converted),)


def _result_shape(shape: tuple[int, ...], rule: BoxConvertRule) -> tuple[int, ...]:
    return (*shape[:-1], columns_of(rule.target_layout))


def _result_dtype(wanted: str, main: str, arguments: Mapping[str, Any]) -> str:
    del wanted
    rule = arguments["rule"]
    layouts = {rule.source_layout, rule.target_layout}
    return "float32" if is_integer(main) and len(layouts) > 1 and "cxcywh" in layouts else main


BOX_CONVERT = Operator(
    name="box_convert",
    run=box_convert,
    rule=BoxConvertRule,
    main="boxes",
    shapes=lambda shape, arguments: {
        "converted": _result_shape(shape(arguments["boxes"]), arguments["rule"])
    },
    result_dtype=_result_dtype,
    backward="box_convert_gradient",
    native=Native(
        ("boxes", "converted", "rule"),
        columns=lambda rule: columns_of(rule.source_layout),
        is_on_device=lambda rule, slots, outputs: rule.source_layout not in ROTATED,
    ),
)
