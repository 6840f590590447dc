"""The smallest boxes around masks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from opsbridge.core import checks
from opsbridge.core.box_dtypes import NUMBERS
from opsbridge.core.checks import Caller
from opsbridge.core.device import native_call
from opsbridge.core.operator import Operator
from opsbridge.core.rules import Rule
from opsbridge.core.tensors import Tensor, TensorLayer


@dataclass(frozen=True)
class MasksToBoxesRule(Rule):
    """The axes in which boxes around masks differ; the defaults are torchvision's."""

    operator: ClassVar[str] = "masks_to_boxes"

    end_offset: Literal[0, 1] = 0


_CALLER = Caller("masks_to_boxes")


def masks_to_boxes(
    layer: TensorLayer,
    masks: Tensor,
    *,
    rule: MasksToBoxesRule,
    outputs: tuple[tuple[str, str], ...] = (("boxes", "float32"),),
    caller: Caller = _CALLER,
) -> tuple[Tensor, ...]:
    """Find the first and last pixel that is set, in rows and columns, of every mask.

    `masks` is (N, H, W) of any dtype; everything but zero counts as set, NaN too. The result is
    (N, 4) as x1, y1, x2, y2, float32, zeros for an empty mask. Masks without any pixel (H or W of
    0) have no boxes: the result is (0, 4).
    """
    shape = checks.check_shape(layer, caller, "masks", masks, ("N", "H", "W"))
    checks.check_dtype(layer, caller, "masks", masks, ("bool", "uint16", *NUMBERS))
    checks.check_on_host(layer, caller, {"masks": masks}, has_cuda=True)
    boxes = layer.empty(_shape_of_boxes(shape), "float32", masks)
    call = native_call(layer, "masks_to_boxes", masks)
    call(layer.native(masks), boxes, rule.word, layer.threads())
    return (layer.finish(boxes),)


def _shape_of_boxes(shape: tuple[int, ...]) -> tuple[int, int]:
    return (shape[0] if shape[1] and shape[2] else 0, 4)


def _output_shapes(
    shape: Callable[[Tensor], tuple[int, ...]], arguments: Mapping[str, Any]
) -> dict[str, tuple[int, ...]]:
    return {"boxes": _shape_of_boxes(shape(arguments["masks"]))}


MASKS_TO_BOXES = Operator(
    name="masks_to_boxes",
    run=masks_to_boxes,
    rule=MasksToBoxesRule,
    main="masks",
    shapes=_output_shapes,
)
