"""What the operators on boxes with scores check and refuse alike."""

from __future__ import annotations

from enum import IntEnum
from typing import NoReturn

from opsbridge.core import checks
from opsbridge.core.checks import Caller
from opsbridge.core.tensors import Tensor, TensorLayer

DTYPES = ("float16", "bfloat16", "float32", "float64")
GROUP_DTYPES = ("int64", "float64")

_REASON_BASE = 16


class NmsError(IntEnum):
    """Why a row is refused, as csrc numbers it; the native result is -(row * 16 + reason)."""

    NAN_SCORE = 1
    NAN_GROUP = 2


def check_scored_boxes(
    layer: TensorLayer,
    caller: Caller,
    boxes: Tensor,
    scores: Tensor,
    groups: Tensor | None,
    boxes_column: int | None,
    scores_column: int | None,
    has_cuda: bool = False,
) -> tuple[int, str]:
    """The number of boxes and their dtype, once all tensors fit each other."""
    count = checks.check_shape(
        layer, caller, "boxes", boxes, ("N", 4 if boxes_column is None else "D")
    )[0]
    scores_shape = ("N",) if scores_column is None else ("N", "D")
    scored = checks.check_shape(layer, caller, "scores", scores, scores_shape)[0]
    checks.check_same_length(caller, "scores", scored, "boxes", count)
    dtype = checks.check_dtype(layer, caller, "boxes", boxes, DTYPES)
    checks.check_same_dtype(caller, "scores", layer.dtype(scores), "boxes", dtype)
    tensors = {"boxes": boxes, "scores": scores}
    if groups is not None:
        grouped = checks.check_shape(layer, caller, "groups", groups, ("N",))[0]
        checks.check_same_length(caller, "groups", grouped, "boxes", count)
        checks.check_dtype(layer, caller, "groups", groups, GROUP_DTYPES)
        tensors["groups"] = groups
    checks.check_on_host(layer, caller, tensors, has_cuda)
    return count, dtype


def refuse_row(caller: Caller, refused: int) -> NoReturn:
    """Raise for the row that native code refused; `refused` is its negative result."""
    row, reason = divmod(-refused, _REASON_BASE)
    if reason == NmsError.NAN_SCORE:
        caller.refuse(f"{caller.place('scores', row)} is nan; scores must be numbers")
    caller.refuse(f"{caller.place('groups', row)} is nan; groups must be numbers")
