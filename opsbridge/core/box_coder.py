"""What encoding and decoding boxes check alike: which anchor meets what, and the deviations."""

from __future__ import annotations

import math
from collections.abc import Sequence

from opsbridge.core import checks
from opsbridge.core.box_dtypes import FLOATS
from opsbridge.core.checks import Caller
from opsbridge.core.tensors import Tensor, TensorLayer

# The numbers that all anchors share where none are given.
_SHARED = {"means": (0.0, 0.0, 0.0, 0.0), "deviations": (1.0, 1.0, 1.0, 1.0)}


def check_partners(
    layer: TensorLayer,
    caller: Caller,
    anchors: Tensor,
    slot: str,
    partners: Tensor,
    shape: Sequence[int | str],
) -> tuple[tuple[int, ...], str]:
    """The shape of the partners of (N, 4) anchors, and the floating dtype of both.

    `shape` is the one they must have; its "N" is as many as there are anchors.
    """
    count = checks.check_shape(layer, caller, "anchors", anchors, ("N", 4))[0]
    found = checks.check_shape(layer, caller, slot, partners, shape)
    if "N" in shape:
        along = found[list(shape).index("N")]
        checks.check_same_length(caller, slot, along, "anchors", count)
    dtype = checks.check_dtype(layer, caller, "anchors", anchors, FLOATS)
    checks.check_same_dtype(caller, slot, layer.dtype(partners), "anchors", dtype)
    checks.check_on_host(layer, caller, {"anchors": anchors, slot: partners}, has_cuda=True)
    return found, dtype


def shared_numbers(caller: Caller, slot: str, values: tuple[float, ...] | None) -> Sequence[float]:
    """Four numbers, one per offset, for all anchors."""
    if values is None:
        return _SHARED[slot]
    checks.check_four(caller, slot, values)
    return values


def check_own_deviations(
    layer: TensorLayer,
    caller: Caller,
    anchors: Tensor,
    own: Tensor | None,
    shared: tuple[float, ...] | None,
) -> Tensor | None:
    """The deviations of each anchor as native code takes them: four numbers, or four per anchor."""
    if own is None:
        return None
    if shared is not None:
        caller.refuse(
            f"{caller.argument('anchor_deviations')} and {caller.argument('deviations')} are given;"
            " give one of them"
        )
    dtype, slot = layer.dtype(anchors), "anchor_deviations"
    checks.check_dtype(layer, caller, slot, own, FLOATS)
    if len(layer.shape(own)) == 1:
        checks.check_shape(layer, caller, slot, own, (4,))
        own = layer.cast(own, dtype)
    else:
        rows = checks.check_shape(layer, caller, slot, own, ("N", 4))[0]
        checks.check_same_length(caller, slot, rows, "anchors", layer.shape(anchors)[0])
        checks.check_same_dtype(caller, slot, layer.dtype(own), "anchors", dtype)
    checks.check_on_host(layer, caller, {"anchors": anchors, slot: own}, has_cuda=True)
    return layer.native(own)


def size_or_nan(value: float | None) -> float:
    """A setting of decoding; NaN tells native code that there is none."""
    return math.nan if value is None else value
