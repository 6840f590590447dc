"""Slices of tensors that PyTorch refuses: those of negative step."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from opsbridge.port.source.binding import plain_value
from opsbridge.port.source.flow import Kind
from opsbridge.port.source.result import Outcome
from opsbridge.port.source.scope import Scope
from opsbridge.port.source.syntax import name

POINT = "slice of negative step"
FLIP = "torch.flip"


def plan_slices(scope: Scope, node: cst.Subscript) -> None:
    """`x[..., ::-1]` of a tensor as `torch.flip(x, (-1,))`; other slices backwards are left."""
    keys = [element.slice for element in node.slice]
    if not scope.concerns or not any(map(_is_backwards, keys)):
        return
    kind = scope.kind(node.value)
    # A tuple has such slices, too, but only one at a time.
    if kind is not Kind.TENSOR and not (kind is Kind.GRAPH and len(keys) > 1):
        return
    axes = reversed_axes(keys)
    if not axes or isinstance(scope.tree.parents.get(node), cst.AssignTarget):
        reason = "PyTorch has no slices of negative step"
        scope.plan.mark(node, f"{POINT}: {reason}")
        scope.plan.record(
            node, POINT, Outcome.BY_HAND, reason=reason,
            suggestion=f"{FLIP}, then a slice of positive step",
        )  # fmt: skip
        return
    shown = f"({', '.join(map(str, axes))}{',' * (len(axes) == 1)})"

    def edit(changed: cst.Subscript) -> cst.Call:
        order = cst.parse_expression(shown)
        return cst.Call(name(FLIP), [cst.Arg(changed.value), cst.Arg(order)])

    scope.plan.edits[node] = edit
    scope.plan.import_for(FLIP)
    scope.plan.record(node, POINT, Outcome.EXACT, became=FLIP)


def reversed_axes(keys: Sequence[cst.BaseSlice]) -> list[int]:
    """The axes that keys turn round; none where they do anything else."""
    axes, past_ellipsis = [], False
    for place, key in enumerate(keys):
        if isinstance(key, cst.Index) and isinstance(key.value, cst.Ellipsis):
            past_ellipsis = True
            continue
        if not isinstance(key, cst.Slice) or key.lower or key.upper:
            return []
        step = 1 if key.step is None else plain_value(key.step)
        if step == -1:
            axes.append(place - len(keys) if past_ellipsis else place)
        elif step != 1:
            return []
    return axes


def _is_backwards(key: cst.BaseSlice) -> bool:
    step = key.step if isinstance(key, cst.Slice) else None
    return isinstance(step, cst.UnaryOperation) and isinstance(step.operator, cst.Minus)
