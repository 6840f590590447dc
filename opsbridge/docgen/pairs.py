"""All ordered pairs of APIs of one operator, each with a page of its own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from opsbridge.docgen.examples import pair_examples
from opsbridge.docgen.find import apis_of
from opsbridge.docgen.snippet import Snippet
from opsbridge.tables.load import all_core_names, load_core
from opsbridge.tables.schema import ApiTable, CoreTable


@dataclass(frozen=True)
class Pair:
    """Two APIs of one operator; the page is that of the way from ``left`` to ``right``."""

    left: ApiTable
    right: ApiTable
    core: CoreTable

    @property
    def slug(self) -> str:
        """The name of its page, without an ending."""
        return f"{self.left.name}-to-{self.right.name}"


def all_pairs() -> Iterator[Pair]:
    """Every ordered pair, by operator, then by name."""
    for op in all_core_names():
        core = load_core(op)
        for left, right in itertools.permutations(apis_of(op), 2):
            yield Pair(left, right, core)


def all_snippets() -> dict[str, list[Snippet]]:
    """The snippets of all pages by environment."""
    found: dict[str, dict[Snippet, None]] = {}
    for pair in all_pairs():
        for example in pair_examples(pair.left, pair.right, pair.core):
            for snippet in (example.left, example.right, example.bridged):
                found.setdefault(snippet.environment, {})[snippet] = None
    return {environment: list(snippets) for environment, snippets in sorted(found.items())}
