"""Boxes as offsets from anchors."""

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
class BoxEncodeRule(Rule):
    """The axes in which encoding differs between frameworks; the defaults are MindSpore's."""

    operator: ClassVar[str] = "box_encode"

    box_offset: Literal[0, 1] = 1


_CALLER = Caller("box_encode")


def box_encode(
    layer: TensorLayer,
    anchors: Tensor,
    targets: Tensor,
    means: tuple[float, ...],
    deviations: tuple[float, ...],
    *,
    rule: BoxEncodeRule,
    outputs: tuple[tuple[str, str], ...] = (("offsets", "same"),),
    caller: Caller = _CALLER,
) -> tuple[Tensor, ...]:
    """Write every target box as the offsets that lead to it from its anchor.

    `anchors` and `targets` are (N, 4) as x1, y1, x2, y2 of one floating dtype, and so is the
    result: the way of the centre in sides of the anchor, and the logarithms of the ratios of the
    sides, less `means`, over `deviations` (four numbers each). Source: R-CNN (Girshick et al.,
    2014).
    """
    count, dtype = checks.check_pair_of_boxes(layer, caller, "anchors", anchors, "targets", targets)
    checks.check_four(caller, "means", means)
    checks.check_four(caller, "deviations", deviations)
    offsets = layer.empty((count, 4), dtype, anchors)
    native_call(layer, "box_encode", anchors)(
        layer.native(anchors), layer.native(targets), *means, *deviations, offsets, rule.word
    )
    return (layer.finish(offsets),)


BOX_ENCODE = Operator(
    name="box_encode",
    run=box_encode,
    rule=BoxEncodeRule,
    main="anchors",
    shapes=lambda shape, arguments: {"offsets": shape(arguments["anchors"])},
    backward="box_encode_gradient",
    differentiable=("anchors", "targets"),
)
