"""The backward slice: what must run before a half because the half reads names made elsewhere."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from opsbridge.pages.model import Statement
from opsbridge.pages.names import Names, names_of

_NO_NAMES = Names(frozenset(), frozenset(), frozenset(), frozenset(), False)


def prelude_of(statements: Sequence[Statement], half: Sequence[int]) -> list[int]:
    """Return the indices of the earlier statements that a half needs, in page order.

    statements are all of the page, half the indices of the half's own. A statement is needed when
    it makes a name that the half reads before binding it, directly or through other needed ones,
    or when it is an expression that touches such a name. A name that the half binds itself is
    never taken from elsewhere, so nothing left over can stand in for a result. Of several makers
    the latest counts: in the reader's own example, else of its framework, else of any.
    """
    slicer = _Slicer(statements, set(half))
    bound: set[str] = set()
    for index in half:
        names = slicer.names[index]
        for name in names.reads - bound:
            slicer.need(name, index)
        bound |= names.binds | names.maybe
    return sorted(slicer.chosen)


def _names(node: ast.stmt | None) -> Names:
    return _NO_NAMES if node is None else names_of(node)


class _Slicer:
    def __init__(self, statements: Sequence[Statement], half: set[int]) -> None:
        self.names = [_names(statement.node) for statement in statements]
        self.chosen: set[int] = set()
        self._statements = statements
        self._half = half
        self._seen: set[tuple[str, int]] = set()

    def need(self, name: str, reader: int) -> None:
        """Choose what makes `name` for the statement that reads it, and what that needs in turn."""
        open_needs = [(name, reader)]
        while open_needs:
            need = open_needs.pop()
            if need not in self._seen:
                self._seen.add(need)
                makers = self._nearest_makers(*need)
                self.chosen.update(makers)
                open_needs += [(read, made) for made in makers for read in self.names[made].reads]

    def _nearest_makers(self, name: str, reader: int) -> list[int]:
        example = self._statements[reader].example
        framework = self._statements[reader].framework
        earlier = self._statements[:reader]
        groups = (
            [each.index for each in earlier if each.example == example],
            [each.index for each in earlier if each.framework is framework],
            [each.index for each in earlier],
        )
        return next(filter(None, (self._makers(name, group) for group in groups)), [])

    def _makers(self, name: str, candidates: Sequence[int]) -> list[int]:
        """Return the statements among candidates, in page order, that make `name` at their end."""
        found: list[int] = []
        touched: list[int] = []
        for index in reversed(candidates):
            names = self.names[index]
            if index in self._half:
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
                found = [index for index in candidates if self.names[index].imports_all]
                found = [index for index in found if index not in self._half]
        return [*found, *touched] if found else []
