"""Gradients of encoding and decoding boxes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from opsbridge.core.box_coder import (
    check_own_deviations,
    check_partners,
    shared_numbers,
    size_or_nan,
)
from opsbridge.core.box_decode import BoxDecodeRule
from opsbridge.core.box_encode import BoxEncodeRule
from opsbridge.core.checks import Caller
from opsbridge.core.device import native_call
from opsbridge.core.operator import Operator
from opsbridge.core.rules import Rule
from opsbridge.core.tensors import Tensor, TensorLayer

_ENCODE, _DECODE = Caller("box_encode"), Caller("box_decode")


def box_encode_gradient(
    layer: TensorLayer,
    gradient: Tensor,
    anchors: Tensor,
    targets: Tensor,
    means: tuple[float, ...] | None = None,
    deviations: tuple[float, ...] | None = None,
    anchor_deviations: Tensor | None = None,
    *,
    rule: BoxEncodeRule,
    outputs: tuple[tuple[str, str], ...] = (("gradient", "same"), ("gradient_of_targets", "same")),
    caller: Caller = _ENCODE,
) -> tuple[Tensor, ...]:
    """Gradients of `anchors` and `targets`, of their shapes and dtype."""
    check_partners(layer, caller, anchors, "targets", targets, rule.shape_of_targets)
    own = check_own_deviations(layer, caller, anchors, anchor_deviations, deviations)
    numbers = (
        *shared_numbers(caller, "means", means),
        *shared_numbers(caller, "deviations", deviations),
    )
    pair = {"anchors": anchors, "targets": targets}
    return _gradients(layer, "box_encode_gradient", gradient, pair, own, numbers, rule, outputs)


def box_decode_gradient(
    layer: TensorLayer,
    gradient: Tensor,
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
    outputs: tuple[tuple[str, str], ...] = (("gradient", "same"), ("gradient_of_offsets", "same")),
    caller: Caller = _DECODE,
) -> tuple[Tensor, ...]:
    """Gradients of `anchors` and `offsets`, of their shapes and dtype.

    Corners that are cut to the image, and ratios that are cut, pass theirs only strictly inside.
    """
    check_partners(layer, caller, anchors, "offsets", offsets, rule.shape_of_offsets)
    own = check_own_deviations(layer, caller, anchors, anchor_deviations, deviations)
    numbers = (
        *shared_numbers(caller, "means", means),
        *shared_numbers(caller, "deviations", deviations),
        *map(size_or_nan, (height, width, ratio_clip)),
    )
    pair = {"anchors": anchors, "offsets": offsets}
    return _gradients(layer, "box_decode_gradient", gradient, pair, own, numbers, rule, outputs)


def _gradients(
    layer: TensorLayer,
    function: str,
    gradient: Tensor,
    pair: Mapping[str, Tensor],
    own_deviations: Any,
    numbers: Sequence[float],
    rule: Rule,
    outputs: tuple[tuple[str, str], ...],
) -> tuple[Tensor, ...]:
    """Both gradients of a pair of tensors, in the order of `outputs`."""
    anchors, others = pair.values()
    results = {
        name: layer.empty(layer.shape(tensor), layer.dtype(anchors), anchors)
        for name, tensor in zip(_names(pair), (anchors, others), strict=True)
    }
    native_call(layer, function, anchors)(
        *(layer.native(tensor) for tensor in (gradient, anchors, others)),
        own_deviations,
        *numbers,
        *results.values(),
        rule.word,
    )
    return tuple(layer.finish(results[each]) for each, _ in outputs)


def _names(pair: Mapping[str, Any]) -> tuple[str, str]:
    """What the gradients of anchors and of their partners are called."""
    return "gradient", f"gradient_of_{list(pair)[1]}"


def _shapes(
    shape: Callable[[Tensor], tuple[int, ...]], arguments: Mapping[str, Any]
) -> dict[str, tuple[int, ...]]:
    slots = ("anchors", "targets" if "targets" in arguments else "offsets")
    pair = {slot: shape(arguments[slot]) for slot in slots}
    return dict(zip(_names(pair), pair.values(), strict=True))


BOX_CODER_GRADIENTS = (
    Operator(
        name="box_encode_gradient",
        run=box_encode_gradient,
        rule=BoxEncodeRule,
        main="anchors",
        shapes=_shapes,
    ),
    Operator(
        name="box_decode_gradient",
        run=box_decode_gradient,
        rule=BoxDecodeRule,
        main="anchors",
        shapes=_shapes,
    ),
)
