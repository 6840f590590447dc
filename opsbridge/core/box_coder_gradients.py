"""Gradients of encoding and decoding boxes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from opsbridge.core import checks
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
    means: tuple[float, ...],
    deviations: tuple[float, ...],
    *,
    rule: BoxEncodeRule,
    outputs: tuple[tuple[str, str], ...] = (("gradient", "same"), ("gradient_of_targets", "same")),
    caller: Caller = _ENCODE,
) -> tuple[Tensor, ...]:
    """Gradients of `anchors` and `targets`, all (N, 4) of one floating dtype."""
    pair = {"anchors": anchors, "targets": targets}
    numbers = (*means, *deviations)
    return _gradients(layer, caller, "box_encode_gradient", gradient, pair, numbers, rule, outputs)


def box_decode_gradient(
    layer: TensorLayer,
    gradient: Tensor,
    anchors: Tensor,
    offsets: Tensor,
    means: tuple[float, ...],
    deviations: tuple[float, ...],
    height: int,
    width: int,
    ratio_clip: float,
    *,
    rule: BoxDecodeRule,
    outputs: tuple[tuple[str, str], ...] = (("gradient", "same"), ("gradient_of_offsets", "same")),
    caller: Caller = _DECODE,
) -> tuple[Tensor, ...]:
    """Gradients of `anchors` and `offsets`, all (N, 4) of one floating dtype.

    Corners that are cut to the image, and ratios that are cut, pass theirs only strictly inside.
    """
    pair = {"anchors": anchors, "offsets": offsets}
    numbers = (*means, *deviations, height, width, ratio_clip)
    return _gradients(layer, caller, "box_decode_gradient", gradient, pair, numbers, rule, outputs)


def _gradients(
    layer: TensorLayer,
    caller: Caller,
    function: str,
    gradient: Tensor,
    pair: Mapping[str, Tensor],
    numbers: tuple[float, ...],
    rule: Rule,
    outputs: tuple[tuple[str, str], ...],
) -> tuple[Tensor, ...]:
    """Both gradients of a pair of tensors, in the order of `outputs`."""
    (main, anchors), (name, others) = pair.items()
    count, dtype = checks.check_pair_of_boxes(layer, caller, main, anchors, name, others)
    results = {
        each: layer.empty((count, 4), dtype, anchors)
        for each in ("gradient", f"gradient_of_{name}")
    }
    native_call(layer, function, anchors)(
        *(layer.native(tensor) for tensor in (gradient, anchors, others)),
        *numbers,
        *results.values(),
        rule.word,
    )
    return tuple(layer.finish(results[each]) for each, _ in outputs)


def _shapes(
    shape: Callable[[Tensor], tuple[int, ...]], arguments: Mapping[str, Any]
) -> dict[str, tuple[int, ...]]:
    whole = shape(arguments["anchors"])
    return dict.fromkeys(("gradient", "gradient_of_targets", "gradient_of_offsets"), whole)


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
