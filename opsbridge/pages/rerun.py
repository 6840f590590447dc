"""Compares runs with each other: random outputs differ in a second one, backends may differ too."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from opsbridge.pages.canonical import canonical
from opsbridge.pages.compare import compare
from opsbridge.pages.model import Backend, Row, Verdict
from opsbridge.pages.numbers import NUMBER, is_float

_ADDRESS = re.compile(r"\b0x[0-9a-f]{4,}\b")
_RAN = frozenset(
    {Verdict.TRUE, Verdict.NUMERICALLY_TRUE, Verdict.DOCUMENTED_ERROR, Verdict.DIFFERS}
)


def is_random(documented: Sequence[str], first: str, second: str) -> bool:
    """Whether an output that is not the documented one is random.

    Two runs must disagree. What they agree on, brackets, words and the kinds of numbers, must then
    be as documented: a random array of another shape still differs. Addresses of
    objects do not count.
    """
    first, second = (_ADDRESS.sub("0x0", text) for text in (first, second))
    if compare(first, second) is not Verdict.DIFFERS:
        return False
    form = _form(first)
    return form != _form(second) or any(_form(text) == form for text in documented)


def compared(real: Sequence[Row], bridged: Sequence[Row]) -> list[Row]:
    """Return a row for every statement that two backends ran: whether their outputs agree.

    The documented text of such a row is what the framework itself printed.
    """
    others = {row.statement: row for row in bridged if row.verdict in _RAN}
    return [
        replace(
            row,
            backend=Backend.COMPARED,
            verdict=_agreement(row, others[row.statement]),
            cause="",
            documented=row.printed,
            printed=others[row.statement].printed,
        )
        for row in real
        if row.verdict in _RAN and row.statement in others
    ]


def _agreement(real: Row, bridged: Row) -> Verdict:
    if real.verdict is bridged.verdict is Verdict.DOCUMENTED_ERROR:
        return Verdict.DOCUMENTED_ERROR
    return compare(real.printed, bridged.printed)


def _form(text: str) -> list[str]:
    return list(_kinds(canonical(text).tokens))


def _kinds(tokens: Iterable[str]) -> Iterable[str]:
    for token in tokens:
        if NUMBER.fullmatch(token):
            yield "float" if is_float(token) else "integer"
        else:
            yield token
