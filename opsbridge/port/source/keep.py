"""Names that get no call of PyTorch: opsbridge's, functions written out, and the rest by hand."""

from __future__ import annotations

import libcst as cst

from opsbridge.port.source.binding import Given, Unbound, bind
from opsbridge.port.source.helpers import Helper, all_helpers
from opsbridge.port.source.meaning import (
    PLAIN_CLASSES,
    SEQUENTIAL,
    SURFACE,
    Meaning,
    advice,
    is_placeholder,
    surface_of,
)
from opsbridge.port.source.result import Outcome, Target
from opsbridge.port.source.scope import Scope
from opsbridge.port.source.type_checks import plan_type_check
from opsbridge.port.source.vendored import (
    called_as,
    helper_for,
    helper_of,
    helper_parameters,
    made_object,
)
from opsbridge.port.source.write import named, with_defaults
from opsbridge.tables.port_schema import PortEntry

_VENDORED = "other arguments than PyTorch's own function takes are no longer converted"


def keep(
    scope: Scope, function: cst.BaseExpression, meaning: Meaning, node: cst.CSTNode, why: str = ""
) -> None:
    """Let a name stand for the object of the same name on opsbridge's surface."""
    if scope.target is Target.TORCHVISION and _vendor(scope, function, meaning, node):
        return
    if isinstance(node, cst.Call):
        scope.given_to_surface |= {arg.value for arg in node.args}
    scope.plan.done.add(function)
    scope.plan.edits[function] = named(meaning.surface_name)
    scope.plan.replace(function)
    scope.plan.modules.add(meaning.surface_module)
    if isinstance(node, cst.Call) and meaning.name in ("mindspore.ops.ROIAlign",):
        scope.plan.edits[node] = with_defaults(meaning.entry, "init")
    reason = f"PyTorch's own is not used: {why}" if why else ""
    scope.plan.record(node, meaning.name, Outcome.EXACT, became=meaning.surface_name, reason=reason)
    scope.plan.constructors[node] = scope.plan.points[-1]


def leave_refused(
    scope: Scope, function: cst.BaseExpression, meaning: Meaning, node: cst.Call, why: Exception
) -> None:
    """Leave a call that MindSpore refuses to the reader; opsbridge's object refuses it, too."""
    scope.plan.done.add(function)
    scope.plan.edits[function] = named(meaning.surface_name)
    scope.plan.replace(function)
    scope.plan.modules.add(meaning.surface_module)
    leave_call(scope, node, meaning.name, why)


def leave_call(scope: Scope, node: cst.Call, name: str, why: Exception) -> None:
    """Mark and list a call that is not translated."""
    scope.plan.mark(node, f"{name} is not translated: {why}")
    scope.plan.record(
        node, name, Outcome.BY_HAND, reason=str(why),
        suggestion="leave the argument out, or give the parameter that was meant",
    )  # fmt: skip


def _vendor(
    scope: Scope, function: cst.BaseExpression, meaning: Meaning, node: cst.CSTNode
) -> bool:
    """Let a function of the file stand for a name; false if there is none for it."""
    vendored = helper_for(meaning.entry, scope.project.asked)
    is_rule = meaning.entry.form == "class" and node in scope.given_to_surface
    if (
        is_rule
        or vendored is None
        or (not isinstance(node, cst.Call) and meaning.entry.form == "primitive")
    ):
        return False
    helper, is_exact = vendored
    given: dict[str, Given] = {}
    if isinstance(node, cst.Call):
        try:
            given = _arguments(scope, meaning.entry, helper, node)
        except Unbound:
            return False
    scope.plan.forget(function)
    if meaning.entry.form == "primitive":
        scope.plan.edits[node] = made_object(meaning.entry, helper, given)
        scope.plan.modules |= {"functools"} if given else set()
    elif given:
        scope.plan.edits[node] = called_as(helper, given)
    else:
        scope.plan.edits[function] = named(helper.name)
    scope.plan.helpers[helper.name] = helper
    reason = helper.difference or _VENDORED
    scope.plan.record(
        node, meaning.name, Outcome.EXACT if is_exact else Outcome.APPROXIMATE,
        became=helper.name, reason="" if is_exact else reason,
    )  # fmt: skip
    scope.plan.constructors[node] = scope.plan.points[-1]
    return True


def _arguments(scope: Scope, entry: PortEntry, helper: Helper, node: cst.Call) -> dict[str, Given]:
    """The arguments of a call that a helper takes over, of an entry whose parameters are known.

    Raises:
        Unbound: it does not take one, or an object that PyTorch does not know.
    """
    if not entry.params or any(param.variadic for param in entry.params):
        return {}
    given = bind(entry, "call" if entry.form == "function" else "init", node.args)
    takes = helper_parameters(helper)
    for name, each in given.items():
        if name not in takes or _is_made_by_mindspore(scope, each.value):
            raise Unbound
    return given


def _is_made_by_mindspore(scope: Scope, node: cst.BaseExpression) -> bool:
    """Whether an argument is an object that only opsbridge's surface knows."""
    meaning = scope.meaning(node.func) if isinstance(node, cst.Call) else scope.meaning(node)
    if meaning is None or meaning.entry.form not in ("class", "layer"):
        return False
    return meaning.name not in PLAIN_CLASSES and helper_of(meaning.entry) is None


def plan_reference(scope: Scope, node: cst.BaseExpression) -> None:
    """A name that is not called: a dtype, a base class, a layer that is passed on."""
    part: cst.BaseExpression = node
    while True:
        meaning = scope.meaning(part)
        if meaning is not None:
            break
        if not isinstance(part, cst.Attribute):
            if surface := surface_of(scope.names.full_name(node)):
                _keep_module(scope, node, surface)
            else:
                leave_by_hand(scope, node)
            return
        part = part.value
    if part is node and plan_type_check(scope, node, meaning):
        return
    if meaning.name == SEQUENTIAL and scope.tree.is_base(part):
        # Whatever derives from it may be given a list, which PyTorch's refuses.
        scope.plan.edits[part] = named("_Sequential")
        scope.plan.replace(part)
        scope.plan.helpers["_Sequential"] = all_helpers()["_Sequential"]
        scope.plan.record(part, meaning.name, Outcome.EXACT, became="_Sequential")
    elif meaning.name in PLAIN_CLASSES or (meaning.entry.form == "value" and meaning.entry.torch):
        became = PLAIN_CLASSES.get(meaning.name, meaning.entry.torch)
        scope.plan.edits[part] = named(became)
        scope.plan.replace(part)
        scope.plan.import_for(became)
        scope.plan.record(part, meaning.name, Outcome.EXACT, became=became)
    else:
        keep(scope, part, meaning, part)


def _keep_module(scope: Scope, node: cst.BaseExpression, surface: str) -> None:
    """Let a module that is passed on be the surface's: its names are looked up as the code runs."""
    scope.plan.edits[node] = named(surface)
    scope.plan.replace(node)
    scope.plan.modules.add(SURFACE)
    reason = "its names are looked up as the code runs, on opsbridge's surface"
    full = scope.names.full_name(node)
    scope.plan.record(node, full, Outcome.APPROXIMATE, became=surface, reason=reason)


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
