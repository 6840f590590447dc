"""`x.max(1)`: whether it gives values, or (values, indices), as it does since MindSpore 2.5."""

from __future__ import annotations

from typing import Any

import libcst as cst
import libcst.matchers as m

from opsbridge.port.source import cells
from opsbridge.port.source.binding import elements
from opsbridge.port.source.meaning import SURFACE, TENSOR
from opsbridge.port.source.result import Outcome
from opsbridge.port.source.scope import Scope
from opsbridge.port.source.syntax import NO_SPACE

# Only the form without indices takes these.
_OF_VALUES = {"keepdims", "initial", "where", "return_indices"}
# What stands around values, but not around a pair of tensors.
_AROUND_VALUES = (
    *(cst.BinaryOperation, cst.UnaryOperation, cst.Comparison, cst.ComparisonTarget),
    cst.Attribute,
)
# The index of one of two results, which is hardly the row of a tensor.
_ONE_OF_TWO = m.Subscript(slice=[m.SubscriptElement(m.Index(m.Integer("0") | m.Integer("1")))])


def plan_extreme(scope: Scope, node: cst.Call, function: cst.Attribute) -> bool:
    """Plan `x.max(1)` and `x.min(1)` with the name of the axis that says what is meant.

    False where the call says it by itself.
    """
    method, args = function.attr.value, node.args
    if method not in ("max", "min") or not args or args[0].keyword or len(args) > 2:
        return False
    if any(arg.star for arg in args):
        return False
    keywords = {arg.keyword.value for arg in args if arg.keyword}
    if keywords & _OF_VALUES or not _may_be_number(args[0].value):
        return False
    target = cells.unpacked_target(scope.tree, node)
    is_pair = "keepdim" in keywords or (
        target is not None and len(list(elements(target))) == 2 and not _has_star(target)
    )
    around = scope.tree.parents[node]
    is_clear = is_pair or isinstance(around, _AROUND_VALUES)
    is_pair = is_pair or m.matches(around, _ONE_OF_TWO)
    names = ("dim", "keepdim") if is_pair else ("axis", "keepdims")
    became = f"{SURFACE}.Tensor.{method}"
    scope.plan.edits[node] = _with_names(became, names)
    scope.plan.modules.add(SURFACE)
    scope.plan.done.add(function)
    if is_clear:
        kind = "(values, indices)" if is_pair else "values"
        reason, suggestion = f"taken for {kind}, as the code around it does", ""
    elif is_pair:
        reason = (
            "taken for one of (values, indices); before MindSpore 2.5 it is a row of the values"
        )
        suggestion = "if the code is for MindSpore before 2.5: axis= instead of dim="
    else:
        reason = "taken for the values, as before MindSpore 2.5; since then it gives indices, too"
        suggestion = "if the code is for MindSpore 2.5 or later: dim= instead of axis="
    scope.plan.record(
        node, f"{TENSOR}.{method}", Outcome.EXACT if is_clear else Outcome.APPROXIMATE,
        became=f"{became}({names[0]}=)", reason=reason, suggestion=suggestion,
    )  # fmt: skip
    return True


def _may_be_number(node: cst.BaseExpression) -> bool:
    """Whether an axis may be one number; of several, and of none, only the values are given."""
    is_none = isinstance(node, cst.Name) and node.value == "None"
    return not is_none and not isinstance(node, cst.Tuple | cst.List)


def _has_star(target: cst.Tuple) -> bool:
    return any(isinstance(each, cst.StarredElement) for each in target.elements)


def _with_names(function: str, names: tuple[str, str]) -> Any:
    as_call = cells.as_function(function)

    def edit(node: cst.Call) -> cst.Call:
        call: cst.Call = as_call(node)
        free = iter(names)
        return call.with_changes(
            args=[
                arg if not place or arg.keyword else _named(arg, next(free))
                for place, arg in enumerate(call.args)
            ]
        )

    return edit


def _named(arg: cst.Arg, name: str) -> cst.Arg:
    return arg.with_changes(keyword=cst.Name(name), equal=NO_SPACE)
