"""Soft suppression with every convention explicit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from opsbridge.core import checks
from opsbridge.core.checks import Caller
from opsbridge.core.device import native_call
from opsbridge.core.operator import Native, Operator
from opsbridge.core.rules import Rule
from opsbridge.core.scored_boxes import check_scored_boxes, refuse_row
from opsbridge.core.tensors import Tensor, TensorLayer
from opsbridge.errors import DeviceError


@dataclass(frozen=True)
class SoftNmsRule(Rule):
    """The axes in which soft suppression differs between frameworks; the defaults are mmcv's."""

    operator: ClassVar[str] = "soft_nms"

    layout: Literal["xyxy", "yxyx", "xywh", "cxcywh"] = "xyxy"
    corner_order: Literal["given", "sorted"] = "given"
    box_offset: Literal[0, 1] = 0
    accumulate: Literal["same", "float32", "float64"] = "same"
    overlap_form: Literal["ratio", "positive_areas", "one_minus_distance"] = "ratio"
    score_type: Literal["working", "float32", "float32_normal"] = "working"
    selection_order: Literal["in_place", "by_index", "queue"] = "in_place"
    method: Literal["linear", "gaussian", "naive"] = "linear"
    overlap_test: Literal["greater_equal", "greater"] = "greater_equal"
    min_score_test: Literal["below", "not_above"] = "below"
    disjoint_box: Literal["weighted", "skipped"] = "weighted"
    first_box: Literal["kept", "checked"] = "kept"
    exponential: Literal["same", "float64"] = "same"
    exponent: Literal["quotient", "scaled"] = "quotient"
    sigma_factor: Literal[1, 2] = 1
    group_rule: Literal["per_group", "shifted", "per_group_on_shifted", "ignored"] = "per_group"
    over_shift_limit: Literal["per_group", "per_group_on_shifted", "unchanged"] = "per_group"
    kept_order: Literal["rank", "index", "introsort", "introsort_over_limit"] = "rank"


_CALLER = Caller("soft_nms")


def _output_shapes(count: int) -> dict[str, tuple[int, ...]]:
    """The destinations of the native call, in its order."""
    return {"keep": (count,), "kept_boxes": (count, 5)}


def soft_nms(
    layer: TensorLayer,
    boxes: Tensor,
    scores: Tensor,
    iou_threshold: float,
    sigma: float,
    min_score: float,
    *,
    groups: Tensor | None = None,
    max_outputs: int | None = None,
    shift_limit: int | None = None,
    boxes_column: int | None = None,
    scores_column: int | None = None,
    rule: SoftNmsRule,
    outputs: tuple[tuple[str, str], ...] = (("kept_boxes", "same"), ("keep", "int64")),
    caller: Caller = _CALLER,
) -> tuple[Tensor, ...]:
    """Lower the scores of boxes that a better box overlaps, and drop those that fall too low.

    The best box is selected, every other live box is weighted by its overlap with it and dropped if
    its score falls below `min_score`; then the best of the others is selected, and so on. Tensors
    are those of `nms`. The result is boxes with their lowered scores in order of selection, and
    their rows in the input. On a GPU the exponential of a gaussian weight may differ from the CPU's
    in the last place, and `kept_order` introsort is a stable order. A NaN threshold, `sigma`,
    `min_score` or group raises ArgumentError.
    Source: Soft-NMS (Bodla et al., 2017); semantics of each axis in mappings/core/soft_nms.toml.
    """
    count, dtype = check_scored_boxes(
        layer, caller, boxes, scores, groups, boxes_column, scores_column, has_cuda=True
    )
    if layer.device(boxes) != "cpu":
        _check_for_cuda(caller, rule, max_outputs)
    numbers = {"iou_threshold": iou_threshold, "sigma": sigma, "min_score": min_score}
    for slot, value in numbers.items():
        checks.check_number(caller, slot, value)
    shapes = _output_shapes(count)
    destinations = {
        name: layer.empty(shapes[name], dtype if out_dtype == "same" else out_dtype, boxes)
        for name, out_dtype in outputs
    }
    kept = native_call(layer, "soft_nms", boxes, lambda row: refuse_row(caller, -row), waits=True)(
        layer.native(boxes),
        _ABSENT["boxes_column"] if boxes_column is None else boxes_column,
        _ABSENT["scores_column"] if scores_column is None else scores_column,
        layer.native(scores),
        None if groups is None else layer.native(groups),
        rule.word,
        *numbers.values(),
        _ABSENT["max_outputs"] if max_outputs is None else max_outputs,
        _ABSENT["shift_limit"] if shift_limit is None else shift_limit,
        *(destinations.get(name) for name in shapes),
    )
    if kept < 0:
        refuse_row(caller, kept)
    return tuple(layer.finish(destinations[name], kept) for name, _ in outputs)


def _check_for_cuda(caller: Caller, rule: SoftNmsRule, max_outputs: int | None) -> None:
    """The kernels of a GPU lower scores in the working type, at each selection."""
    lacking = [
        f"{axis} = {getattr(rule, axis)!r}"
        for axis, usual in _ON_CUDA.items()
        if getattr(rule, axis) != usual
    ]
    lacking += [] if max_outputs is None else ["max_outputs"]
    if lacking:
        raise DeviceError(f"{caller.operator}: {lacking[0]} has kernels for cpu only")


# The values of these axes that kernels of a GPU know.
_ON_CUDA = {
    "overlap_form": "ratio",
    "score_type": "working",
    "selection_order": "in_place",
    "min_score_test": "below",
    "exponent": "quotient",
}

# What the native function takes for a slot that is left out.
_ABSENT: dict[str, int | float] = {
    "boxes_column": 0,
    "scores_column": -1,
    "max_outputs": -1,
    "shift_limit": -1,
}

SOFT_NMS = Operator(
    name="soft_nms",
    run=soft_nms,
    rule=SoftNmsRule,
    main="boxes",
    shapes=lambda shape, arguments: _output_shapes(shape(arguments["boxes"])[0]),
    cut=frozenset({"keep", "kept_boxes"}),
    output_dtypes={"keep": "int64"},
    native=Native(
        arguments=(
            *("boxes", "boxes_column", "scores_column", "scores", "groups", "rule"),
            *("iou_threshold", "sigma", "min_score", "max_outputs", "shift_limit"),
            *_output_shapes(0),
        ),
        absent=_ABSENT,
    ),
)
