"""Tensors that a cell sets a parameter of its own to: MindSpore copies them into it."""

from __future__ import annotations

import libcst as cst

from opsbridge.port.source import cells
from opsbridge.port.source.flow import Kind
from opsbridge.port.source.meaning import PARAMETER
from opsbridge.port.source.names import dotted
from opsbridge.port.source.result import Outcome
from opsbridge.port.source.scope import Scope, meaning_in


def plan_parameter_value(scope: Scope, node: cst.Assign | cst.AugAssign) -> bool:
    """`self.x = tensor` of a parameter: PyTorch refuses it; false if it is not surely one."""
    if isinstance(node, cst.AugAssign):
        is_one = _is_parameter(scope, node.target)
    else:
        is_one = len(node.targets) == 1 and _is_parameter(scope, node.targets[0].target)
        is_one = is_one and _is_tensor(scope, node.value)
    if not is_one:
        return False
    scope.plan.edits[node] = _copied
    scope.plan.record(node, "= on a parameter", Outcome.EXACT, became=".data.copy_")
    return True


def _is_parameter(scope: Scope, target: cst.BaseExpression) -> bool:
    owner, attribute = scope.frame.owner, scope.frame.own_attribute(target)
    if owner is None or not owner.is_cell or not attribute:
        return False
    meanings = (
        meaning_in(each.unit, each.value.func)
        for each in owner.bound(attribute)
        if isinstance(each.value, cst.Call)
    )
    return any(meaning is not None and meaning.name == PARAMETER for meaning in meanings)


def _is_tensor(scope: Scope, value: cst.BaseExpression) -> bool:
    """Whether a value is a tensor and no parameter, which would take the place of the other."""
    made = scope.meaning(value.func) if isinstance(value, cst.Call) else None
    if made is not None and made.name == PARAMETER:
        return False
    if scope.frame.is_graph:
        return scope.kind(value) in (Kind.TENSOR, Kind.GRAPH)
    return scope.kind(value) is Kind.TENSOR and not dotted(value)


def _copied(node: cst.Assign | cst.AugAssign) -> cst.Expr:
    plain = cells.plain_assignment(node) if isinstance(node, cst.AugAssign) else node
    target = plain.targets[0].target
    copy = cst.Attribute(cst.Attribute(target, cst.Name("data")), cst.Name("copy_"))
    return cst.Expr(cst.Call(copy, [cst.Arg(plain.value)]), semicolon=node.semicolon)
