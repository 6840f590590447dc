"""Overlap of boxes, and the measures made of it, with every convention explicit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from opsbridge.core import checks
from opsbridge.core.box_dtypes import FLOATS, NUMBERS, quotient
from opsbridge.core.box_layouts import INTEGER_BOUND, ROTATED, columns_of
from opsbridge.core.checks import Caller
from opsbridge.core.device import native_call
from opsbridge.core.operator import Native, Operator
from opsbridge.core.rules import Rule
from opsbridge.core.tensors import Tensor, TensorLayer


@dataclass(frozen=True)
class BoxIouRule(Rule):
    """The axes in which overlaps differ between frameworks; the defaults are torchvision's."""

    operator: ClassVar[str] = "box_iou"

    layout: Literal["xyxy", "yxyx", "xywh", "cxcywh", "xywhr", "cxcywhr", "xyxyxyxy"] = "xyxy"
    box_offset: Literal[0, 1] = 0
    measure: Literal["iou", "giou", "diou", "ciou"] = "iou"
    denominator: Literal["union_area", "first_area", "second_area"] = "union_area"
    denominator_epsilon: Literal["none", "e_minus_10"] = "none"
    pairing: Literal["every_pair", "aligned"] = "every_pair"
    result_order: Literal["first_by_second", "second_by_first"] = "first_by_second"
    widening: Literal["none", "sides"] = "sides"
    nan_corner: Literal["spreads", "compared"] = "spreads"
    longest_side: Literal["unlimited", "int32"] = "unlimited"


_WIDE_FLOATS = ("float32", "float64")
_CALLER = Caller("box_iou")


def box_iou(
    layer: TensorLayer,
    boxes: Tensor,
    other_boxes: Tensor,
    epsilon: float | None = None,
    *,
    rule: BoxIouRule,
    outputs: tuple[tuple[str, str], ...] = (("overlaps", "float"),),
    caller: Caller = _CALLER,
) -> tuple[Tensor, ...]:
    """Measure how much each box overlaps each other box, or its own partner.

    `boxes` is (..., N, 4) and `other_boxes` (..., M, 4), both of one dtype, leading axes broadcast.
    The result is (..., N, M), (..., M, N) or, where pairs are aligned, (..., N); its dtype is that
    of the boxes or, where the rule widens, float32 for integers and 16-bit floats. Integers of 2^30
    and more are refused with an ArgumentError, as nothing could be computed exactly. `epsilon` goes
    into the denominators of distance and shape penalties. Rotated boxes are matrices of float32 or
    float64, (N, 5) or (N, 8), measured by IoU with the defaults of all other axes, in float64; the
    result is float32, has no gradient, and is 0 where an area is below 1e-14. Source: Generalized
    IoU (Rezatofighi et al., 2019) and Distance-IoU (Zheng et al., 2020); semantics of each axis in
    mappings/core/box_iou.toml.
    """
    is_rotated = rule.layout in ROTATED
    if is_rotated:
        shape, other = _rotated_shapes(layer, caller, boxes, other_boxes, rule)
    else:
        shape = checks.check_shape(layer, caller, "boxes", boxes, ("...", "N", 4))
        other = checks.check_shape(layer, caller, "other_boxes", other_boxes, ("...", "M", 4))
    checks.check_rank(caller, "boxes", shape)
    checks.check_rank(caller, "other_boxes", other)
    allowed: tuple[str, ...] = NUMBERS if rule.widening == "sides" else FLOATS
    allowed = _WIDE_FLOATS if is_rotated else allowed
    dtype = checks.check_dtype(layer, caller, "boxes", boxes, allowed)
    checks.check_same_dtype(caller, "other_boxes", layer.dtype(other_boxes), "boxes", dtype)
    tensors = {"boxes": boxes, "other_boxes": other_boxes}
    checks.check_on_host(layer, caller, tensors, has_cuda=not is_rotated)
    if rule.pairing == "aligned":
        checks.check_same_length(caller, "other_boxes", other[-2], "boxes", shape[-2])
    result_shape = _result_shape(shape, other, rule)
    if result_shape is None:
        first, second = caller.argument("boxes"), caller.argument("other_boxes")
        caller.refuse(
            f"{second} has shape {tuple(other)}, but {first} has shape {tuple(shape)}; "
            "the axes before the last two must broadcast"
        )
    result = layer.empty(result_shape, _result_dtype(outputs[0][1], dtype, {"rule": rule}), boxes)
    refuse = _refusal(layer, caller, tensors)
    refused = native_call(layer, "box_iou", boxes, refuse)(
        layer.native(boxes),
        layer.native(other_boxes),
        0.0 if epsilon is None else epsilon,
        result,
        rule.word,
        layer.threads(),
    )
    if refused:
        refuse(refused)
    return (layer.finish(result),)


def _rotated_shapes(
    layer: TensorLayer, caller: Caller, boxes: Tensor, other_boxes: Tensor, rule: BoxIouRule
) -> tuple[tuple[int, ...], ...]:
    if rule != BoxIouRule(layout=rule.layout):
        caller.refuse(
            f"{caller.argument('layout')} is {rule.layout!r}; "
            "rotated boxes need the defaults of all other axes"
        )
    columns = columns_of(rule.layout)
    given = {"boxes": layer.shape(boxes), "other_boxes": layer.shape(other_boxes)}
    for slot, shape in given.items():
        if not checks.fits_shape(shape, ("N", columns)):
            caller.refuse(
                f"{caller.argument(slot)} has shape {tuple(shape)}; expected (N, {columns})"
            )
    return tuple(given.values())


def _refusal(
    layer: TensorLayer, caller: Caller, tensors: Mapping[str, Tensor]
) -> Callable[[int], None]:
    """What raises about a row of integers that are too large."""

    def refuse(refused: int) -> None:
        row, which = divmod(refused, 16)
        slot, tensor = list(tensors.items())[which - 1]
        shape = layer.shape(tensor)
        caller.refuse(
            f"{checks.row_place(caller, slot, shape, row)} is "
            f"{checks.row_values(layer, tensor, shape, row)}; "
            f"integer coordinates must be in (-{INTEGER_BOUND}, {INTEGER_BOUND})"
        )

    return refuse


def _result_dtype(wanted: str, main: str, arguments: Mapping[str, Any]) -> str:
    del wanted
    if arguments["rule"].layout in ROTATED:
        return "float32"
    return quotient(main) if arguments["rule"].widening == "sides" else main


def _result_shape(
    shape: tuple[int, ...], other: tuple[int, ...], rule: BoxIouRule
) -> tuple[int, ...] | None:
    leading = _broadcast(shape[:-2], other[:-2])
    if leading is None:
        return None
    if rule.pairing == "aligned":
        # An empty result keeps a second axis, as the only framework with this pairing has it.
        return (*leading, shape[-2], 1) if shape[-2] == 0 else (*leading, shape[-2])
    pair = (shape[-2], other[-2])
    return (*leading, *(pair if rule.result_order == "first_by_second" else reversed(pair)))


def _broadcast(first: tuple[int, ...], second: tuple[int, ...]) -> tuple[int, ...] | None:
    """The broadcast shape, or None where the two do not fit each other."""
    length = max(len(first), len(second))
    pairs = zip(
        (1,) * (length - len(first)) + first, (1,) * (length - len(second)) + second, strict=True
    )
    result = []
    for one, two in pairs:
        if one != two and 1 not in (one, two):
            return None
        result.append(two if one == 1 else one)
    return tuple(result)


def _output_shapes(
    shape: Callable[[Tensor], tuple[int, ...]], arguments: Mapping[str, Any]
) -> dict[str, tuple[int, ...]]:
    boxes, other = shape(arguments["boxes"]), shape(arguments["other_boxes"])
    return {"overlaps": _result_shape(boxes, other, arguments["rule"]) or ()}


BOX_IOU = Operator(
    name="box_iou",
    run=box_iou,
    rule=BoxIouRule,
    main="boxes",
    shapes=_output_shapes,
    result_dtype=_result_dtype,
    backward="box_iou_gradient",
    differentiable=("boxes", "other_boxes"),
    native=Native(
        ("boxes", "other_boxes", "epsilon", "overlaps", "rule", "threads"),
        {"epsilon": 0.0},
        columns=lambda rule: columns_of(rule.layout),
        is_on_device=lambda rule, slots, outputs: rule.layout not in ROTATED,
    ),
)
