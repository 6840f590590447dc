"""Which cases a difference page shows, as code for both APIs and for the bridged call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from opsbridge.docgen.snippet import Snippet, bridged_snippet, library_of, real_snippet
from opsbridge.tables.case_call import CaseCall, case_calls
from opsbridge.tables.schema import ApiTable, CoreTable

_MOST = 2
_LONGEST = 40  # lines of code


@dataclass(frozen=True)
class Example:
    """One case as a call of both APIs, and as the left call on tensors of the right side.

    ``shows`` are the axes in which the two calls differ; without any both do the same.
    """

    case: str
    shows: tuple[str, ...]
    left: Snippet
    right: Snippet
    bridged: Snippet


def pair_examples(left: ApiTable, right: ApiTable, core: CoreTable) -> list[Example]:
    """At most two examples: those that show differences, or else the first that both can run."""
    found = list(_possible(left, right, core))
    showing, seen = [], set[str]()
    for example in found:
        if not set(example.shows) <= seen:
            showing.append(example)
            seen.update(example.shows)
    return showing[:_MOST] or found[:1]


def _possible(left: ApiTable, right: ApiTable, core: CoreTable) -> Iterator[Example]:
    for case in core.cases:
        before, after = case_calls(left, core, case), case_calls(right, core, case)
        if before and after:
            example = _example(left, right, before[0], after[0])
            snippets = (example.left, example.right)
            if all(snippet.code.count("\n") < _LONGEST for snippet in snippets):
                yield example


def _example(left: ApiTable, right: ApiTable, before: CaseCall, after: CaseCall) -> Example:
    axes = before.case.axes
    shows = tuple(axis for axis in axes if before.axes.get(axis) != after.axes.get(axis))
    return Example(
        before.case.name,
        shows,
        real_snippet(left, before),
        real_snippet(right, after),
        bridged_snippet(left, before, library_of(right)),
    )
