"""Boxes from offsets to anchors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from opsbridge.core import checks
from opsbridge.core.checks import Caller
from opsbridge.core.device import native_call
from opsbridge.core.operator import Operator
from opsbridge.core.rules import Rule
from opsbridge.core.tensors import Tensor, TensorLayer


@dataclass(frozen=True)
class BoxDecodeRule(Rule):
    """The axes in which decoding differs between frameworks; the defaults are MindSpore's."""

    operator: ClassVar[str] = "box_decode"

    box_offset: Literal[0, 1] = 1


_CALLER = Caller("box_decode")


def box_decode(
    layer: TensorLayer,
    anchors: Tensor,
    offsets: Tensor,
    means: tuple[float, ...],
    deviations: tuple[float, ...],
    height: int,
    width: int,
    ratio_clip: float,
    *,
    rule: BoxDecodeRule,
    outputs: tuple[tuple[str, str], ...] = (("boxes", "same"),),
    caller: Caller = _CALLER,
) -> tuple[Tensor, ...]:
    """Move every anchor by its offsets and cut the box to an image; undoes `box_encode`.

    `anchors` (x1, y1, x2, y2) and `offsets` are (N, 4) of one floating dtype, and so is the result,
    with x in [0, width] and y in [0, height]; NaN stays. No side changes by a factor beyond
    `ratio_clip` or its inverse. A negative size is refused with an ArgumentError. Source: R-CNN
    (Girshick et al., 2014).
    """
    count, dtype = checks.check_pair_of_boxes(layer, caller, "anchors", anchors, "offsets", offsets)
    checks.check_four(caller, "means", means)
    checks.check_four(caller, "deviations", deviations)
    checks.check_at_least(caller, "height", height, 0)
    checks.check_at_least(caller, "width", width, 0)
    checks.check_int32(caller, "height", height)
    checks.check_int32(caller, "width", width)
    boxes = layer.empty((count, 4), dtype, anchors)
    native_call(layer, "box_decode", anchors)(
        layer.native(anchors),
        layer.native(offsets),
        *means,
        *deviations,
        height,
        width,
        ratio_clip,
        boxes,
        rule.word,
    )
    return (layer.finish(boxes),)


BOX_DECODE = Operator(
    name="box_decode",
    run=box_decode,
    rule=BoxDecodeRule,
    main="anchors",
    shapes=lambda shape, arguments: {"boxes": shape(arguments["anchors"])},
    backward="box_decode_gradient",
    differentiable=("anchors", "offsets"),
)
