"""The backward slice: what must run before a half because the half reads names made elsewhere."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field

from opsbridge.pages.model import Statement
from opsbridge.pages.names import Names, names_of

_NO_NAMES = Names(frozenset(), frozenset(), frozenset(), frozenset(), False)


def prelude_of(statements: Sequence[Statement], half: Sequence[int]) -> list[int]:
    """Return the indices of the earlier statements that a half needs, in page order.

    statements are all of the page, half the indices of the half's own. A statement is needed when
    it makes a name that the half reads before binding it, directly or through other needed ones,
    or when it is an expression that touches such a name. A name that the half binds itself is
    never taken from elsewhere, so nothing left over can stand in for a result.
    """
    slicer = _Slicer([_names(statement.node) for statement in statements], set(half))
    bound: set[str] = set()
    for index in half:
        names = slicer.names[index]
        for name in names.reads - bound:
            slicer.need(name, index)
        bound |= names.binds | names.maybe
    return sorted(slicer.chosen)


def _names(node: ast.stmt | None) -> Names:
    return _NO_NAMES if node is None else names_of(node)


@dataclass
class _Slicer:
    names: list[Names]
    half: set[int]
    chosen: set[int] = field(default_factory=set)
    _seen: set[tuple[str, int]] = field(default_factory=set)

    def need(self, name: str, position: int) -> None:
        """Choose what makes `name` before `position`, and what that needs in turn."""
        open_needs = [(name, position)]
        while open_needs:
            need = open_needs.pop()
            if need not in self._seen:
                self._seen.add(need)
                open_needs += self._makers(*need)

    def _makers(self, name: str, position: int) -> list[tuple[str, int]]:
        found: list[int] = []
        touched: list[int] = []
        for index in range(position - 1, -1, -1):
            names = self.names[index]
            if index in self.half:
                if name in names.binds:
                    break
                continue
            if name in names.binds or name in names.maybe:
                found.append(index)
                if name in names.binds:
                    break
            elif name in names.touches:
                touched.append(index)
        else:
            if not found:
                found = [i for i in range(position) if self.names[i].imports_all]
                found = [i for i in found if i not in self.half]
        if not found:
            return []
        new = [*found, *touched]
        self.chosen.update(new)
        return [(read, index) for index in new for read in self.names[index].reads]
