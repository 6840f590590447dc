"""The search for boxes that are not too small."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from opsbridge.core import checks
from opsbridge.core.box_dtypes import NUMBERS
from opsbridge.core.checks import Caller
from opsbridge.core.device import native_call
from opsbridge.core.operator import Operator
from opsbridge.core.rules import Rule
from opsbridge.core.tensors import Number, Tensor, TensorLayer


@dataclass(frozen=True)
class SmallBoxesRule(Rule):
    """The axes in which the search differs between frameworks; the defaults are torchvision's."""

    operator: ClassVar[str] = "small_boxes"

    box_offset: Literal[0, 1] = 0
    side_test: Literal["at_least", "above"] = "at_least"


_CALLER = Caller("small_boxes")


def small_boxes(
    layer: TensorLayer,
    boxes: Tensor,
    min_size: Number,
    *,
    rule: SmallBoxesRule,
    outputs: tuple[tuple[str, str], ...] = (("keep", "int64"),),
    caller: Caller = _CALLER,
) -> tuple[Tensor, ...]:
    """Find the boxes whose sides are both long enough.

    `boxes` is (N, 4) as x1, y1, x2, y2; the result holds the int64 indices of those to keep,
    ascending. A box with a NaN is none of them. Integers are compared exactly with an integer
    size. A NaN size, and sides beyond 64 bits, are refused with an ArgumentError.
    """
    count = checks.check_shape(layer, caller, "boxes", boxes, ("N", 4))[0]
    checks.check_dtype(layer, caller, "boxes", boxes, NUMBERS)
    checks.check_on_host(layer, caller, {"boxes": boxes}, has_cuda=True)
    checks.check_number(caller, "min_size", min_size)
    checks.check_int64(caller, "min_size", min_size)
    keep = layer.empty((count,), "int64", boxes)

    def refuse(row: int) -> None:
        caller.refuse(
            f"{caller.place('boxes', row)} is "
            f"{checks.row_values(layer, boxes, (count, 4), row)}; its sides must fit int64"
        )

    call = native_call(layer, "small_boxes", boxes, lambda word: refuse(word // 16), waits=True)
    kept = call(layer.native(boxes), min_size, isinstance(min_size, int), keep, rule.word)
    if kept < 0:
        refuse(-1 - kept)
    return (layer.finish(keep, kept),)


SMALL_BOXES = Operator(
    name="small_boxes",
    run=small_boxes,
    rule=SmallBoxesRule,
    main="boxes",
    shapes=lambda shape, arguments: {"keep": (shape(arguments["boxes"])[0],)},
    cut=frozenset({"keep"}),
)
