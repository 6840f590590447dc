"""The test whether boxes lie inside an image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from opsbridge.core import checks
from opsbridge.core.box_dtypes import NUMBERS
from opsbridge.core.checks import Caller
from opsbridge.core.device import native_call
from opsbridge.core.operator import Operator
from opsbridge.core.rules import Rule
from opsbridge.core.tensors import Tensor, TensorLayer


@dataclass(frozen=True)
class CheckValidRule(Rule):
    """The axes in which the test differs between frameworks; the defaults are MindSpore's."""

    operator: ClassVar[str] = "check_valid"

    box_offset: Literal[0, 1] = 1


_CALLER = Caller("check_valid")


def check_valid(
    layer: TensorLayer,
    boxes: Tensor,
    image: Tensor,
    *,
    rule: CheckValidRule,
    outputs: tuple[tuple[str, str], ...] = (("valid", "bool"),),
    caller: Caller = _CALLER,
) -> tuple[Tensor, ...]:
    """Tell which boxes have no corner beyond an image.

    `boxes` is (N, 4) as x1, y1, x2, y2 and `image` holds height, width and ratio: x2 may reach
    width * ratio - 1, y2 height * ratio - 1 (without the 1 where the rule says so). Everything is
    computed in float32 (float64 for float64 boxes). A NaN is beyond nothing. The result is (N,)
    bool.
    """
    count = checks.check_shape(layer, caller, "boxes", boxes, ("N", 4))[0]
    checks.check_shape(layer, caller, "image", image, (3,))
    checks.check_dtype(layer, caller, "boxes", boxes, NUMBERS)
    checks.check_dtype(layer, caller, "image", image, NUMBERS)
    checks.check_on_host(layer, caller, {"boxes": boxes, "image": image}, has_cuda=True)
    valid = layer.empty((count,), "bool", boxes)
    call = native_call(layer, "check_valid", boxes)
    call(layer.native(boxes), layer.native(image), valid, rule.word)
    return (layer.finish(valid),)


CHECK_VALID = Operator(
    name="check_valid",
    run=check_valid,
    rule=CheckValidRule,
    main="boxes",
    shapes=lambda shape, arguments: {"valid": (shape(arguments["boxes"])[0],)},
)
