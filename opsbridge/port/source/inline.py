"""A call of PyTorch in the place of one of MindSpore's."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from opsbridge.port.source.binding import Given
from opsbridge.port.source.cells import unpacked_target
from opsbridge.port.source.conversion import Inexpressible
from opsbridge.port.source.hub_call import GETTER, HubCall, check_members, hub_call, in_case
from opsbridge.port.source.meaning import Meaning
from opsbridge.port.source.outputs import results_of
from opsbridge.port.source.result import Outcome, Target
from opsbridge.port.source.scope import Scope
from opsbridge.port.source.write import inlined_call, reordered
from opsbridge.tables.port_load import port_cases
from opsbridge.tables.port_schema import PortEntry

_LAST_BITS = "values differ in the last bits"
_OUTCOMES = {
    "exact": Outcome.EXACT,
    "approximate": Outcome.APPROXIMATE,
    "by_hand": Outcome.BY_HAND,
}


def inline(
    scope: Scope,
    node: cst.Call,
    meaning: Meaning,
    given: dict[str, Given],
    args: Sequence[cst.Arg],
    inner: cst.Call | None = None,
) -> None:
    """Write a call of PyTorch in place of `node`.

    Raises:
        Inexpressible: PyTorch has none that gives the same.
    """
    entry, given, call = _hub_call(scope, meaning.entry, given)
    target = unpacked_target(scope.tree, node)
    results = results_of(entry, target)
    scope.plan.edits[node] = inlined_call(call, entry, given, args, inner, results)
    if results.order:
        assert target is not None
        scope.plan.edits[target] = reordered(results.order)
    scope.plan.import_for(entry.torch)
    scope.plan.record(
        node, meaning.name, _OUTCOMES[entry.equality], became=_shown(call),
        reason=_difference(entry),
    )  # fmt: skip


def _hub_call(
    scope: Scope, entry: PortEntry, given: dict[str, Given]
) -> tuple[PortEntry, dict[str, Given], HubCall]:
    """The call of PyTorch that gives the same, by the cases of the entry or by itself."""
    reasons: list[str] = []
    cases = port_cases().get(entry.name, ())
    for case in cases:
        try:
            check_members(cases, scope.project.asked)
            in_this, rest = in_case(entry, case, given)
            return in_this, rest, hub_call(in_this, rest, scope.known())
        except Inexpressible as error:
            reasons.append(str(error))
    if reasons:
        raise Inexpressible(reasons[0])
    # Without a function of its own, the surface calls PyTorch's, too.
    is_same_as_surface = not entry.ours or scope.target is Target.TORCHVISION
    is_near_enough = entry.equality == "approximate" and is_same_as_surface
    if entry.equality != "exact" and not is_near_enough:
        raise Inexpressible(_differences(entry) or "its results differ")
    return entry, given, hub_call(entry, given, scope.known())


def _difference(entry: PortEntry) -> str:
    """What PyTorch's own call does in another way, if anything."""
    if entry.equality == "exact":
        return ""
    return _differences(entry) or _LAST_BITS


def _differences(entry: PortEntry) -> str:
    return "; ".join(each.en for each in entry.differences)


def _shown(call: HubCall) -> str:
    function = call.function.removesuffix(GETTER)
    return function if call.receiver is None else f".{function.rpartition('.')[2]}"
