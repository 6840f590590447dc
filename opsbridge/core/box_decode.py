"""Boxes from offsets to anchors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from opsbridge.core import checks
from opsbridge.core.box_coder import (
    check_own_deviations,
    check_partners,
    shared_numbers,
    size_or_nan,
)
from opsbridge.core.checks import Caller
from opsbridge.core.device import native_call
from opsbridge.core.operator import Operator
from opsbridge.core.rules import Rule
from opsbridge.core.tensors import Tensor, TensorLayer

_SHAPES_OF_OFFSETS: dict[str, tuple[int | str, ...]] = {
    "rows": ("N", 4),
    "first_axis": ("N", "M", 4),
    "second_axis": ("M", "N", 4),
}


@dataclass(frozen=True)
class BoxDecodeRule(Rule):
    """The axes in which decoding differs between frameworks; the defaults are MindSpore's."""

    operator: ClassVar[str] = "box_decode"

    box_offset: Literal[0, 1] = 1
    anchors_along: Literal["rows", "first_axis", "second_axis"] = "rows"
    anchor_centre: Literal["midpoint", "low_and_half_side"] = "midpoint"
    taken_off: Literal["half_each", "high"] = "half_each"

    @property
    def shape_of_offsets(self) -> tuple[int | str, ...]:
        """The shape of the offsets to N anchors."""
        return _SHAPES_OF_OFFSETS[self.anchors_along]


_CALLER = Caller("box_decode")


def box_decode(
    layer: TensorLayer,
    anchors: Tensor,
    offsets: Tensor,
    height: int | None = None,
    width: int | None = None,
    means: tuple[float, ...] | None = None,
    deviations: tuple[float, ...] | None = None,
    ratio_clip: float | None = None,
    anchor_deviations: Tensor | None = None,
    *,
    rule: BoxDecodeRule,
    outputs: tuple[tuple[str, str], ...] = (("boxes", "same"),),
    caller: Caller = _CALLER,
) -> tuple[Tensor, ...]:
    """Move every anchor by its offsets and cut the box to an image; undoes `box_encode`.

    `anchors` (x1, y1, x2, y2) and `offsets` are (N, 4) of one floating dtype, and so is the result,
    with x in [0, width] and y in [0, height], if these are given; NaN stays. Where anchors lie
    along one axis of several offsets, these and the result are (M, N, 4) or (N, M, 4). No side
    changes by a factor beyond `ratio_clip` or its inverse, if that is given. `anchor_deviations`,
    (N, 4) or (4,), stand in place of `deviations`. A negative size is refused with an
    ArgumentError. Source: R-CNN (Girshick et al., 2014).
    """
    shape, dtype = check_partners(layer, caller, anchors, "offsets", offsets, rule.shape_of_offsets)
    own = check_own_deviations(layer, caller, anchors, anchor_deviations, deviations)
    _check_size(caller, height, width)
    boxes = layer.empty(shape, dtype, anchors)
    native_call(layer, "box_decode", anchors)(
        layer.native(anchors),
        layer.native(offsets),
        own,
        *shared_numbers(caller, "means", means),
        *shared_numbers(caller, "deviations", deviations),
        size_or_nan(height),
        size_or_nan(width),
        size_or_nan(ratio_clip),
        boxes,
        rule.word,
    )
    return (layer.finish(boxes),)


def _check_size(caller: Caller, height: int | None, width: int | None) -> None:
    """The size of an image has two numbers, or there is none."""
    if height is None and width is None:
        return
    for slot, size in (("height", height), ("width", width)):
        if size is None:
            caller.refuse(f"{caller.argument(slot)} is lacking; give height and width, or neither")
        checks.check_at_least(caller, slot, size, 0)
        checks.check_int32(caller, slot, size)


BOX_DECODE = Operator(
    name="box_decode",
    run=box_decode,
    rule=BoxDecodeRule,
    main="anchors",
    shapes=lambda shape, arguments: {"boxes": shape(arguments["offsets"])},
    backward="box_decode_gradient",
    differentiable=("anchors", "offsets"),
)
