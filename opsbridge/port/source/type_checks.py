"""Questions for the type of a layer: `isinstance(cell, nn.Conv2d)`, `type(cell) is nn.Conv2d`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import libcst as cst

from opsbridge.port.source.meaning import Meaning
from opsbridge.port.source.names import dotted
from opsbridge.port.source.result import Outcome, Target
from opsbridge.port.source.scope import Scope
from opsbridge.port.source.syntax import name
from opsbridge.port.source.vendored import helper_for, helper_of

_AS_MEMBERSHIP: dict[type[cst.BaseCompOp], Callable[[], cst.BaseCompOp]] = {
    cst.Is: cst.In,
    cst.Equal: cst.In,
    cst.IsNot: cst.NotIn,
    cst.NotEqual: cst.NotIn,
}
"""How to compare with each of several classes instead of with one."""


def plan_type_check(scope: Scope, node: cst.BaseExpression, meaning: Meaning) -> bool:
    """Ask for all classes that a layer may be after the translation; false if nothing is asked."""
    entry = meaning.entry
    if entry.form != "layer" or not entry.torch:
        return False
    place, is_element = _around(scope, node)
    comparison = scope.tree.parents.get(place)
    if _is_class_of_call(scope, place):
        became = _classes(scope, meaning, subclasses_count=True)
    elif isinstance(place, cst.ComparisonTarget):
        if not _is_question(comparison):
            return False
        became = _classes(scope, meaning, subclasses_count=False)
        if not is_element:
            scope.plan.edits[comparison] = _membership
    else:
        return False
    scope.plan.replace(node)
    _write(scope, node, became, is_spread=is_element and isinstance(place, cst.ComparisonTarget))
    is_open = became == [entry.torch] and helper_of(entry) is None
    scope.plan.record(
        node, meaning.name, Outcome.APPROXIMATE if is_open else Outcome.EXACT,
        became=", ".join(became), reason="layers of opsbridge do not count" if is_open else "",
    )  # fmt: skip
    return True


def _around(scope: Scope, node: cst.CSTNode) -> tuple[Any, bool]:
    """What a name, or the tuple that it is in, is part of; and whether there is a tuple."""
    parent = scope.tree.parents.get(node)
    if not isinstance(parent, cst.Element):
        return parent, False
    return scope.tree.parents.get(scope.tree.parents[parent]), True


def _is_class_of_call(scope: Scope, place: object) -> bool:
    """Whether a place is the second argument of isinstance or issubclass."""
    call = scope.tree.parents.get(place) if isinstance(place, cst.Arg) else None
    return (
        isinstance(call, cst.Call)
        and dotted(call.func) in (["isinstance"], ["issubclass"])
        and len(call.args) == 2
        and call.args[1] is place
    )


def _is_question(node: cst.Comparison) -> bool:
    """Whether a comparison is `type(x) is y`, or one like it."""
    left = node.left
    is_type = (isinstance(left, cst.Call) and dotted(left.func) == ["type"]) or (
        isinstance(left, cst.Attribute) and left.attr.value == "__class__"
    )
    return is_type and len(node.comparisons) == 1


def _classes(scope: Scope, meaning: Meaning, subclasses_count: bool) -> list[str]:
    """The classes that a layer is made of, by PyTorch's name, the file's own and opsbridge's."""
    entry = meaning.entry
    scope.plan.import_for(entry.torch)
    written = helper_of(entry)
    own = helper_for(entry, scope.project.asked)
    if scope.target is Target.OPSBRIDGE or (written is not None and own is None):
        scope.plan.modules.add(meaning.surface_module)
        return [entry.torch, meaning.surface_name]
    if own is None or (subclasses_count and f"({entry.torch})" in own[0].source):
        return [entry.torch]
    scope.plan.helpers[own[0].name] = own[0]
    return [entry.torch, own[0].name]


def _membership(node: cst.Comparison) -> cst.Comparison:
    """`a is b` as `a in b`."""
    (target,) = node.comparisons
    operator = _AS_MEMBERSHIP.get(type(target.operator))
    if operator is None:
        return node
    return node.with_changes(comparisons=[target.with_changes(operator=operator())])


def _write(scope: Scope, node: cst.BaseExpression, classes: list[str], is_spread: bool) -> None:
    several = cst.Tuple([cst.Element(name(each)) for each in classes])
    if is_spread:
        element = scope.tree.parents[node]
        scope.plan.edits[element] = lambda each: cst.StarredElement(several, comma=each.comma)
    else:
        parent = scope.tree.parents[node]
        is_alone = len(classes) == 1 and not isinstance(parent, cst.ComparisonTarget)
        scope.plan.edits[node] = lambda each: name(classes[0]) if is_alone else several
