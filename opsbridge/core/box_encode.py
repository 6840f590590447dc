"""Boxes as offsets from anchors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from opsbridge.core.box_coder import check_own_deviations, check_partners, shared_numbers
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
    pairing: Literal["every_pair", "aligned"] = "aligned"
    anchor_centre: Literal["midpoint", "low_and_half_side"] = "midpoint"
    side_ratio: Literal["as_it_is", "absolute"] = "as_it_is"

    @property
    def shape_of_targets(self) -> tuple[int | str, ...]:
        """The shape of the targets of N anchors."""
        return ("N", 4) if self.pairing == "aligned" else ("M", 4)


_CALLER = Caller("box_encode")


def box_encode(
    layer: TensorLayer,
    anchors: Tensor,
    targets: Tensor,
    means: tuple[float, ...] | None = None,
    deviations: tuple[float, ...] | None = None,
    anchor_deviations: Tensor | None = None,
    *,
    rule: BoxEncodeRule,
    outputs: tuple[tuple[str, str], ...] = (("offsets", "same"),),
    caller: Caller = _CALLER,
) -> tuple[Tensor, ...]:
    """Write every target box as the offsets that lead to it from its anchor, or from every anchor.

    `anchors` and `targets` are (N, 4) as x1, y1, x2, y2 of one floating dtype, and so is the
    result: the way of the centre in sides of the anchor, and the logarithms of the ratios of the
    sides, less `means`, over `deviations` (four numbers each). Where every target meets every
    anchor, M targets make (M, N, 4). `anchor_deviations`, (N, 4) or (4,), stand in place of
    `deviations`. Source: R-CNN (Girshick et al., 2014).
    """
    shape, dtype = check_partners(layer, caller, anchors, "targets", targets, rule.shape_of_targets)
    own = check_own_deviations(layer, caller, anchors, anchor_deviations, deviations)
    count = layer.shape(anchors)[0]
    offsets = layer.empty(_result_shape((count, 4), shape, rule), dtype, anchors)
    native_call(layer, "box_encode", anchors)(
        layer.native(anchors),
        layer.native(targets),
        own,
        *shared_numbers(caller, "means", means),
        *shared_numbers(caller, "deviations", deviations),
        offsets,
        rule.word,
    )
    return (layer.finish(offsets),)


def _result_shape(
    anchors: tuple[int, ...], targets: tuple[int, ...], rule: BoxEncodeRule
) -> tuple[int, ...]:
    return anchors if rule.pairing == "aligned" else (targets[0], *anchors)


def _shapes(
    shape: Callable[[Tensor], tuple[int, ...]], arguments: Mapping[str, Any]
) -> dict[str, tuple[int, ...]]:
    pair = shape(arguments["anchors"]), shape(arguments["targets"])
    return {"offsets": _result_shape(*pair, arguments["rule"])}


BOX_ENCODE = Operator(
    name="box_encode",
    run=box_encode,
    rule=BoxEncodeRule,
    main="anchors",
    shapes=_shapes,
    backward="box_encode_gradient",
    differentiable=("anchors", "targets"),
)
