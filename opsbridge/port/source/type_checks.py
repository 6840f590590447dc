"""Questions for the type of a layer: `isinstance(cell, nn.Conv2d)`."""

from __future__ import annotations

import libcst as cst

from opsbridge.port.source.meaning import Meaning
from opsbridge.port.source.names import dotted
from opsbridge.port.source.result import Outcome, Target
from opsbridge.port.source.scope import Scope
from opsbridge.port.source.write import named


def plan_type_check(scope: Scope, node: cst.BaseExpression, meaning: Meaning) -> bool:
    """Ask for all classes that a layer may be after the translation; false if nothing is asked."""
    entry = meaning.entry
    if entry.form != "layer" or not entry.torch or not _is_asked_for(scope, node):
        return False
    became, outcome, reason = entry.torch, Outcome.APPROXIMATE, "layers of opsbridge do not count"
    scope.plan.replace(node)
    scope.plan.import_for(entry.torch)
    if scope.target is Target.OPSBRIDGE:
        scope.plan.modules.add(meaning.surface_module)
        became, outcome, reason = f"({entry.torch}, {meaning.surface_name})", Outcome.EXACT, ""
        scope.plan.edits[node] = lambda expression: cst.parse_expression(became)
    else:
        scope.plan.edits[node] = named(became)
    scope.plan.record(node, meaning.name, outcome, became=became, reason=reason)
    return True


def _is_asked_for(scope: Scope, node: cst.CSTNode) -> bool:
    """Whether a name is the second argument of isinstance, or in the tuple that is."""
    parent = scope.tree.parents.get(node)
    if isinstance(parent, cst.Element):
        node = scope.tree.parents[parent]
        parent = scope.tree.parents.get(node)
    call = scope.tree.parents.get(parent) if isinstance(parent, cst.Arg) else None
    return (
        isinstance(call, cst.Call)
        and dotted(call.func) == ["isinstance"]
        and len(call.args) == 2
        and call.args[1] is parent
    )
