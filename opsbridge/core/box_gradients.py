"""Gradients of the box operators whose results are numbers that follow the boxes.

Each takes the gradient of the result before the arguments of its operator and follows its rule.
Ties go as in PyTorch: two equal corners get half each, a coordinate on the border gets nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from opsbridge.core import checks
from opsbridge.core.box_area import BoxAreaRule
from opsbridge.core.box_convert import BoxConvertRule
from opsbridge.core.box_dtypes import FLOATS
from opsbridge.core.box_iou import BoxIouRule
from opsbridge.core.box_layouts import ROTATED
from opsbridge.core.checks import Caller
from opsbridge.core.clip_boxes import ClipBoxesRule
from opsbridge.core.device import native_call
from opsbridge.core.operator import Operator
from opsbridge.core.tensors import Number, Tensor, TensorLayer
from opsbridge.errors import DerivativeError

_SAME = (("gradient", "same"),)
_BOTH = (*_SAME, ("gradient_of_other_boxes", "same"))
_IOU, _AREA = Caller("box_iou"), Caller("box_area")
_CONVERT, _CLIP = Caller("box_convert"), Caller("clip_boxes")


def _empty_like(
    layer: TensorLayer, caller: Caller, boxes: Tensor, gradient: Tensor, has_cuda: bool = True
) -> Any:
    """Memory for the gradient of `boxes`, which are where the gradient of the result is."""
    dtype = checks.check_dtype(layer, caller, "boxes", boxes, FLOATS)
    checks.check_on_host(layer, caller, {"boxes": boxes, "gradient": gradient}, has_cuda)
    return layer.empty(layer.shape(boxes), dtype, boxes)


def box_iou_gradient(
    layer: TensorLayer,
    gradient: Tensor,
    boxes: Tensor,
    other_boxes: Tensor,
    epsilon: float | None = None,
    *,
    rule: BoxIouRule,
    outputs: tuple[tuple[str, str], ...] = _BOTH,
    caller: Caller = _IOU,
) -> tuple[Tensor, ...]:
    """Gradients of `boxes` and `other_boxes`, summed over all pairs in one order.

    The weight of the shape penalty of complete IoU counts as a constant, as it does in PyTorch.
    """
    has_cuda = rule.layout not in ROTATED
    first = _empty_like(layer, caller, boxes, gradient, has_cuda)
    second = _empty_like(layer, caller, other_boxes, gradient, has_cuda)
    is_missing = native_call(layer, "box_iou_gradient", boxes)(
        layer.native(gradient),
        layer.native(boxes),
        layer.native(other_boxes),
        0.0 if epsilon is None else epsilon,
        first,
        second,
        rule.word,
        layer.threads(),
    )
    if is_missing:
        raise DerivativeError(f"{caller.operator}: there is no gradient of {rule.layout} boxes")
    results = {"gradient": first, "gradient_of_other_boxes": second}
    return tuple(layer.finish(results[name]) for name, _ in outputs)


def box_area_gradient(
    layer: TensorLayer,
    gradient: Tensor,
    boxes: Tensor,
    *,
    rule: BoxAreaRule,
    outputs: tuple[tuple[str, str], ...] = _SAME,
    caller: Caller = _AREA,
) -> tuple[Tensor, ...]:
    """Gradient of `boxes`."""
    result = _empty_like(layer, caller, boxes, gradient)
    native_call(layer, "box_area_gradient", boxes)(
        layer.native(gradient), layer.native(boxes), result, rule.word
    )
    return (layer.finish(result),)


def box_convert_gradient(
    layer: TensorLayer,
    gradient: Tensor,
    boxes: Tensor,
    *,
    rule: BoxConvertRule,
    outputs: tuple[tuple[str, str], ...] = _SAME,
    caller: Caller = _CONVERT,
) -> tuple[Tensor, ...]:
    """Gradient of `boxes`, which is NaN where a side that gives an angle has no length."""
    has_cuda = rule.source_layout not in ROTATED
    result = _empty_like(layer, caller, boxes, gradient, has_cuda)
    native_call(layer, "box_convert_gradient", boxes)(
        layer.native(gradient), layer.native(boxes), result, rule.word
    )
    return (layer.finish(result),)


def clip_boxes_gradient(
    layer: TensorLayer,
    gradient: Tensor,
    boxes: Tensor,
    height: Number,
    width: Number,
    *,
    rule: ClipBoxesRule,
    outputs: tuple[tuple[str, str], ...] = _SAME,
    caller: Caller = _CLIP,
) -> tuple[Tensor, ...]:
    """Gradient of `boxes`: that of the result, strictly inside the image."""
    result = _empty_like(layer, caller, boxes, gradient)
    native_call(layer, "clip_boxes_gradient", boxes)(
        layer.native(gradient), layer.native(boxes), height, width, result, rule.word
    )
    return (layer.finish(result),)


def _shapes(
    shape: Callable[[Tensor], tuple[int, ...]], arguments: Mapping[str, Any]
) -> dict[str, tuple[int, ...]]:
    shapes = {"gradient": shape(arguments["boxes"])}
    if "other_boxes" in arguments:
        shapes["gradient_of_other_boxes"] = shape(arguments["other_boxes"])
    return shapes


BOX_GRADIENTS = tuple(
    Operator(name=run.__name__, run=run, rule=rule, main="boxes", shapes=_shapes)
    for run, rule in (
        (box_iou_gradient, BoxIouRule),
        (box_area_gradient, BoxAreaRule),
        (box_convert_gradient, BoxConvertRule),
        (clip_boxes_gradient, ClipBoxesRule),
    )
)
