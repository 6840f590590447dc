"""Which cases a difference page shows, as code for both APIs and for the bridged call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from opsbridge.docgen.libraries import bridged_library
from opsbridge.docgen.snippet import Snippet, bridged_snippet, real_snippet
from opsbridge.tables.case_call import CaseCall, case_calls
from opsbridge.tables.finding import equal_scalars
from opsbridge.tables.remember import remembered
from opsbridge.tables.schema import ApiTable, CoreTable, Expectation

_LONGEST = 40  # lines of code


@dataclass(frozen=True)
class Example:
    """One case as a call of both APIs, and as the left call on tensors of the right side.

    ``shows`` are the axes in which the two calls differ, and their results with them; without any
    both do the same. ``before`` and ``after`` are what the two calls should give.
    """

    case: str
    shows: tuple[str, ...]
    left: Snippet
    right: Snippet
    bridged: Snippet
    before: Expectation
    after: Expectation


@remembered
def pair_examples(left: ApiTable, right: ApiTable, core: CoreTable) -> list[Example]:
    """One example per difference that a case can show, or else the first that both can run."""
    found = list(_possible(left, right, core))
    showing, seen = [], set[str]()
    for example in found:
        if not set(example.shows) <= seen:
            showing.append(example)
            seen.update(example.shows)
    return showing or found[:1]


def _possible(left: ApiTable, right: ApiTable, core: CoreTable) -> Iterator[Example]:
    """All examples, those first whose inputs both APIs take."""
    found = []
    for case in core.cases:
        before, after = case_calls(left, core, case), case_calls(right, core, case)
        if before and after:
            example = _example(left, right, before[0], after[0])
            snippets = (example.left, example.right)
            if all(snippet.code.count("\n") < _LONGEST for snippet in snippets):
                found.append((len({*before[0].left_out, *after[0].left_out}), example))
    yield from (example for _, example in sorted(found, key=lambda item: item[0]))


def _example(left: ApiTable, right: ApiTable, before: CaseCall, after: CaseCall) -> Example:
    return Example(
        before.case.name,
        _shown(before, after),
        real_snippet(left, before),
        real_snippet(right, after),
        bridged_snippet(left, before, bridged_library(right)),
        before.expects,
        after.expects,
    )


def _shown(before: CaseCall, after: CaseCall) -> tuple[str, ...]:
    """The axes that make the results differ: none if the results are equal."""
    first, second = before.expects.outputs, after.expects.outputs
    # As text, because NaN differs from itself.
    if all(repr(first[name]) == repr(second[name]) for name in first.keys() & second.keys()):
        return ()
    named = (*before.case.axes, *before.expects.set, *after.expects.set)
    return tuple(
        axis
        for axis in dict.fromkeys(named)
        if not equal_scalars(before.axes.get(axis), after.axes.get(axis))
    )
