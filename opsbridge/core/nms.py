"""Non-maximum suppression with every convention explicit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

from opsbridge.core import checks
from opsbridge.core.checks import Caller
from opsbridge.core.native import native_function
from opsbridge.core.operator import Operator
from opsbridge.core.rules import Rule
from opsbridge.core.tensors import Tensor, TensorLayer

DTYPES = ("float16", "bfloat16", "float32", "float64")


@dataclass(frozen=True)
class NmsRule(Rule):
    """The axes in which suppression differs between frameworks; the defaults are torchvision's."""

    operator: ClassVar[str] = "nms"

    layout: Literal["xyxy", "yxyx", "xywh", "cxcywh"] = "xyxy"
    corner_order: Literal["given", "sorted"] = "given"
    box_offset: Literal[0, 1] = 0
    accumulate: Literal["same", "float32", "float64"] = "same"
    union: Literal["separate", "fused_second_area"] = "separate"
    comparison: Literal["greater", "greater_equal", "multiplied", "one_minus"] = "greater"
    guard: Literal["none", "positive_areas"] = "none"
    nan_overlap: Literal["keep", "drop"] = "keep"
    threshold_type: Literal["float64", "float32", "float64_via_float32", "same"] = "float64"
    order: Literal["stable", "introsort", "bitonic", "given"] = "stable"
    nan_score: Literal["first", "drop", "refuse"] = "first"
    group_rule: Literal["per_group", "shifted", "per_group_on_shifted"] = "per_group"
    kept_order: Literal["rank", "index", "introsort"] = "rank"


_CALLER = Caller("nms")


def _output_shapes(count: int) -> dict[str, tuple[int, ...]]:
    """The destinations of the native call, in its order."""
    return {
        "keep": (count,),
        "keep_mask": (count,),
        "sorted_boxes": (count, 5),
        "sorted_positions": (count,),
        "sorted_keep_mask": (count,),
    }


def nms(
    layer: TensorLayer,
    boxes: Tensor,
    scores: Tensor,
    iou_threshold: float,
    *,
    groups: Tensor | None = None,
    score_threshold: float | None = None,
    pre_top_k: int | None = None,
    max_outputs: int | None = None,
    threshold_decay: float | None = None,
    shift_limit: int | None = None,
    boxes_column: int | None = None,
    scores_column: int | None = None,
    rule: NmsRule,
    outputs: tuple[tuple[str, str], ...] = (("keep", "int64"),),
    caller: Caller = _CALLER,
) -> tuple[Tensor, ...]:
    """Keep the boxes that no better kept box overlaps too much.

    `boxes` is (N, 4) and `scores` (N,), both float32 or float64; with `boxes_column` and
    `scores_column` they are columns of wider tensors. `outputs` names what is returned, each with
    its dtype ("same": that of the boxes). Ties, NaN and equality follow `rule`; without NaN refusal
    nothing but shapes, dtypes, devices and a NaN threshold raises (ArgumentError, DtypeError,
    DeviceError). Source: semantics of each axis in mappings/core/nms.toml.
    """
    count, dtype = _check_tensors(layer, caller, boxes, scores, groups, boxes_column, scores_column)
    checks.check_number(caller, "iou_threshold", iou_threshold)
    shapes = _output_shapes(count)
    destinations = {
        name: layer.empty(shapes[name], dtype if out_dtype == "same" else out_dtype, boxes)
        for name, out_dtype in outputs
    }
    kept = native_function("nms")(
        layer.native(boxes),
        boxes_column or 0,
        -1 if scores_column is None else scores_column,
        layer.native(scores),
        None if groups is None else layer.native(groups),
        rule.word,
        iou_threshold,
        math.nan if score_threshold is None else score_threshold,
        1.0 if threshold_decay is None else threshold_decay,
        -1 if pre_top_k is None else pre_top_k,
        -1 if max_outputs is None else max_outputs,
        -1 if shift_limit is None else shift_limit,
        *(destinations.get(name) for name in shapes),
    )
    if kept < 0:
        caller.refuse(f"{caller.place('scores', -1 - kept)} is nan; scores must be numbers")
    return tuple(
        layer.finish(destinations[name], kept if name == "keep" else None) for name, _ in outputs
    )


def _check_tensors(
    layer: TensorLayer,
    caller: Caller,
    boxes: Tensor,
    scores: Tensor,
    groups: Tensor | None,
    boxes_column: int | None,
    scores_column: int | None,
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
        checks.check_dtype(layer, caller, "groups", groups, ("int64",))
        tensors["groups"] = groups
    checks.check_on_host(layer, caller, tensors)
    return count, dtype


NMS = Operator(
    name="nms",
    run=nms,
    rule=NmsRule,
    main="boxes",
    shapes=lambda shape, arguments: _output_shapes(shape(arguments["boxes"])[0]),
    cut=frozenset({"keep"}),
)
