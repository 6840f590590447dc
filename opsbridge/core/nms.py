"""Non-maximum suppression with every convention explicit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from opsbridge.core import checks
from opsbridge.core.checks import Caller
from opsbridge.core.device import native_call
from opsbridge.core.operator import Native, Operator, Picked
from opsbridge.core.rules import Rule
from opsbridge.core.scored_boxes import check_scored_boxes, refuse_row
from opsbridge.core.tensors import Tensor, TensorLayer
from opsbridge.errors import DeviceError


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
    group_rule: Literal["per_group", "shifted", "per_group_on_shifted", "ignored"] = "per_group"
    over_shift_limit: Literal["per_group", "per_group_on_shifted", "unchanged"] = "per_group"
    kept_order: Literal["rank", "index", "introsort", "introsort_over_limit"] = "rank"


_CALLER = Caller("nms")


def _output_shapes(count: int, max_outputs: int | None = None) -> dict[str, tuple[int, ...]]:
    """The destinations of the native call, in its order."""
    return {
        "keep": (count,),
        "keep_mask": (count,),
        "kept_boxes": (count, 5),
        "sorted_boxes": (count, 5),
        "sorted_positions": (count,),
        "sorted_keep_mask": (count,),
        "matched": (count,),
        "match_ends": (count,),
        "padded_keep": (count if max_outputs is None else max_outputs,),
        "kept_count": (),
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

    `boxes` is (N, 4) and `scores` (N,), floating and of one dtype; with `boxes_column` and
    `scores_column` they are columns of wider tensors. `groups` is (N,), int64 or float64. `outputs`
    names what is returned, each with its dtype ("same": that of the boxes). Ties, NaN and equality
    follow `rule`; a NaN threshold or group, and a NaN score where the rule refuses it, raise
    ArgumentError; shapes, dtypes and devices that do not fit raise before anything is computed.
    Source: semantics of each axis in mappings/core/nms.toml.
    """
    count, dtype = check_scored_boxes(
        layer, caller, boxes, scores, groups, boxes_column, scores_column, has_cuda=True
    )
    if layer.device(boxes) != "cpu":
        _check_for_cuda(caller, rule, threshold_decay, pre_top_k, dict(outputs))
    checks.check_number(caller, "iou_threshold", iou_threshold)
    names = {name for name, _ in outputs}
    shapes = _output_shapes(count, max_outputs)
    if "padded_keep" in names and max_outputs is not None:
        checks.check_at_least(caller, "max_outputs", max_outputs, 0)
        checks.check_addressable(caller, "max_outputs", shapes["padded_keep"])
    destinations = {
        name: layer.empty(shapes[name], dtype if out_dtype == "same" else out_dtype, boxes)
        for name, out_dtype in outputs
    }
    waits = not names.isdisjoint(_CUT)
    kept = native_call(layer, "nms", boxes, lambda row: refuse_row(caller, -row), waits)(
        layer.native(boxes),
        _ABSENT["boxes_column"] if boxes_column is None else boxes_column,
        _ABSENT["scores_column"] if scores_column is None else scores_column,
        layer.native(scores),
        None if groups is None else layer.native(groups),
        rule.word,
        iou_threshold,
        _ABSENT["score_threshold"] if score_threshold is None else score_threshold,
        _ABSENT["threshold_decay"] if threshold_decay is None else threshold_decay,
        _ABSENT["pre_top_k"] if pre_top_k is None else pre_top_k,
        _ABSENT["max_outputs"] if max_outputs is None else max_outputs,
        _ABSENT["shift_limit"] if shift_limit is None else shift_limit,
        layer.threads(),
        *(destinations.get(name) for name in shapes),
    )
    if kept < 0:
        refuse_row(caller, kept)
    return tuple(
        layer.finish(destinations[name], kept if name in _CUT else None) for name, _ in outputs
    )


def _check_for_cuda(
    caller: Caller,
    rule: NmsRule,
    threshold_decay: float | None,
    pre_top_k: int | None,
    outputs: Mapping[str, str],
) -> None:
    """The kernels of a GPU have no sequential algorithms.

    The order of `kept_order = "introsort"` is a sort of the kept scores, which is stable there.
    """
    lacking = {
        f"order = {rule.order!r}": rule.order in ("introsort", "bitonic"),
        "threshold_decay": threshold_decay is not None and threshold_decay < 1,
        "matched": "matched" in outputs or "match_ends" in outputs,
        "sorted results of pre_top_k": pre_top_k is not None
        and ("sorted_boxes" in outputs or "sorted_keep_mask" in outputs),
    }
    for what, is_asked in lacking.items():
        if is_asked:
            raise DeviceError(f"{caller.operator}: {what} has kernels for cpu only")


def _is_on_device(rule: NmsRule, slots: frozenset[str], outputs: frozenset[str]) -> bool:
    """Whether nothing can come that `_check_for_cuda` refuses."""
    return (
        rule.order not in ("introsort", "bitonic")
        and not slots & {"threshold_decay", "pre_top_k"}
        and not outputs & {"matched", "match_ends"}
    )


# What the native function takes for a slot that is left out.
_ABSENT: dict[str, int | float] = {
    "boxes_column": 0,
    "scores_column": -1,
    "score_threshold": math.nan,
    "threshold_decay": 1.0,
    "pre_top_k": -1,
    "max_outputs": -1,
    "shift_limit": -1,
}
_NATIVE = Native(
    arguments=(
        *("boxes", "boxes_column", "scores_column", "scores", "groups", "rule", "iou_threshold"),
        *("score_threshold", "threshold_decay", "pre_top_k", "max_outputs", "shift_limit"),
        "threads",
        *_output_shapes(0),
    ),
    absent=_ABSENT,
    is_on_device=_is_on_device,
)
_CUT = frozenset({"keep", "kept_boxes", "match_ends"})

NMS = Operator(
    name="nms",
    run=nms,
    rule=NmsRule,
    main="boxes",
    shapes=lambda shape, arguments: _output_shapes(
        shape(arguments["boxes"])[0], arguments.get("max_outputs")
    ),
    cut=_CUT,
    picked=Picked("kept_boxes", "keep"),
    output_dtypes={
        "keep": "int64",
        "keep_mask": "bool",
        "sorted_positions": "int64",
        "sorted_keep_mask": "bool",
        "matched": "int64",
        "match_ends": "int64",
        "padded_keep": "int64",
        "kept_count": "int64",
    },
    native=_NATIVE,
)
