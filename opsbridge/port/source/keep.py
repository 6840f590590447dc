"""Names that get no call of PyTorch: opsbridge's, functions written out, and the rest by hand."""

from __future__ import annotations

import libcst as cst

from opsbridge.port.source.binding import Unbound, bind
from opsbridge.port.source.meaning import PLAIN_CLASSES, SURFACE, Meaning, advice, is_placeholder
from opsbridge.port.source.result import Outcome, Target
from opsbridge.port.source.scope import Scope
from opsbridge.port.source.vendored import helper_of, helper_parameters, made_object
from opsbridge.port.source.write import named, with_defaults
from opsbridge.tables.schema import Stage

_VENDORED = "other arguments than PyTorch's own function takes are no longer converted"


def keep(
    scope: Scope, function: cst.BaseExpression, meaning: Meaning, node: cst.CSTNode, why: str = ""
) -> None:
    """Let a name stand for the object of the same name on opsbridge's surface."""
    may_vendor = scope.target is Target.TORCHVISION and isinstance(node, cst.Call)
    if may_vendor and _vendor(scope, function, meaning, node):
        return
    scope.plan.done.add(function)
    scope.plan.edits[function] = named(meaning.surface_name)
    scope.plan.replace(function)
    scope.plan.modules.add(meaning.surface_module)
    if isinstance(node, cst.Call) and meaning.name in ("mindspore.ops.ROIAlign",):
        scope.plan.edits[node] = with_defaults(meaning.entry, "init")
    reason = f"PyTorch's own is not used: {why}" if why else ""
    scope.plan.record(node, meaning.name, Outcome.EXACT, became=meaning.surface_name, reason=reason)
    scope.plan.constructors[node] = scope.plan.points[-1]


def _vendor(
    scope: Scope, function: cst.BaseExpression, meaning: Meaning, node: cst.CSTNode
) -> bool:
    """Make a constructor a function of the file; false if there is none for it."""
    vendored = helper_of(meaning.entry)
    if vendored is None:
        return False
    helper, is_exact = vendored
    assert isinstance(node, cst.Call)
    try:
        stage: Stage = "call" if meaning.entry.form == "function" else "init"
        given = bind(meaning.entry, stage, node.args)
    except Unbound:
        return False
    unknown = set(given) - set(helper_parameters(helper))
    if unknown or any(_is_made_by_mindspore(scope, each.value) for each in given.values()):
        return False
    scope.plan.forget(function)
    if meaning.entry.form != "primitive":
        scope.plan.edits[function] = named(helper.name)
        given = {}
    else:
        scope.plan.edits[node] = made_object(meaning.entry, helper, given)
    scope.plan.helpers[helper.name] = helper
    if given:
        scope.plan.modules.add("functools")
    reason = helper.difference or _VENDORED
    scope.plan.record(
        node, meaning.name, Outcome.EXACT if is_exact else Outcome.APPROXIMATE,
        became=helper.name, reason="" if is_exact else reason,
    )  # fmt: skip
    scope.plan.constructors[node] = scope.plan.points[-1]
    return True


def _is_made_by_mindspore(scope: Scope, node: cst.BaseExpression) -> bool:
    """Whether an argument is an object that only opsbridge's surface knows."""
    meaning = scope.meaning(node.func) if isinstance(node, cst.Call) else scope.meaning(node)
    return meaning is not None and meaning.entry.form in ("class", "layer") and (
        meaning.name not in PLAIN_CLASSES
    )  # fmt: skip


def plan_reference(scope: Scope, node: cst.BaseExpression) -> None:
    """A name that is not called: a dtype, a base class, a layer that is passed on."""
    part: cst.BaseExpression = node
    while True:
        meaning = scope.meaning(part)
        if meaning is not None:
            break
        if not isinstance(part, cst.Attribute):
            leave_by_hand(scope, node)
            return
        part = part.value
    if meaning.name in PLAIN_CLASSES or (meaning.entry.form == "value" and meaning.entry.torch):
        became = PLAIN_CLASSES.get(meaning.name, meaning.entry.torch)
        scope.plan.edits[part] = named(became)
        scope.plan.replace(part)
        scope.plan.import_for(became)
        scope.plan.record(part, meaning.name, Outcome.EXACT, became=became)
    else:
        keep(scope, part, meaning, part)


def leave_by_hand(scope: Scope, node: cst.BaseExpression) -> None:
    """Leave a name that no table has to the reader."""
    full = scope.names.full_name(node)
    reason, suggestion = "no table has this name", advice(full)
    if is_placeholder(full):
        # Its name exists on the surface, so that the file can still be imported.
        scope.plan.edits[node] = named(f"{SURFACE}{full.removeprefix('mindspore')}")
        scope.plan.replace(node)
        scope.plan.modules.add(SURFACE)
        reason = "opsbridge does not cover this module: it fails when it is used"
    scope.plan.mark(node, f"{full} is not translated: {reason}")
    scope.plan.record(node, full, Outcome.BY_HAND, reason=reason, suggestion=suggestion)
