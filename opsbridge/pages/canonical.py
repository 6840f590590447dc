"""Brings a printed output to canonical tokens: no wrappers, no commas between elements."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

_TOKEN = re.compile(
    r"""
    (?P<string>'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")
    | (?P<ellipsis>\.\.\.)
    | (?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?j?(?![\w.])|[-+]?(?:nan|inf)\b)
    | (?P<word>[^\W\d][\w.]*)
    | (?P<bracket>[\[\](){}])
    | (?P<comma>,)
    | (?P<equals>=)
    | (?P<other>[^\s\[\](){},'"\w=]+|\d\S*|\S)
    """,
    re.VERBOSE,
)
_WRAPPERS = frozenset(
    {"tensor", "Tensor", "array", "Parameter", "torch.tensor", "np.array", "mindspore.Tensor"}
)
_FACTS = frozenset(
    {"dtype", "shape", "size", "device", "grad_fn", "requires_grad", "layout", "names"}
)
_MAX_LEVEL = 20
"""No print nests wrappers deeper; text that does stays as it is."""
CLOSING = {"(": ")", "[": "]", "{": "}"}
_DTYPE_PREFIX = re.compile(r"^(?:torch|mindspore|ms|np|numpy)\.|_$")


@dataclass
class Canonical:
    """The tokens of an output without wrappers, and what the wrappers said."""

    tokens: list[str] = field(default_factory=list)
    dtypes: list[str] = field(default_factory=list)
    shapes: list[tuple[str, ...]] = field(default_factory=list)
    values: list[list[str]] = field(default_factory=list)
    """The tokens inside each wrapper, in order."""


def canonical(text: str) -> Canonical:
    """Return the canonical form of an output."""
    tokens = split(text)
    return _Unwrapper(tokens, _closers(tokens)).run()


def split(text: str) -> list[str]:
    """Return the tokens of an output; NumPy's `1 2` and `1, 2` still differ by the comma."""
    return [match.group() for match in _TOKEN.finditer(text)]


@dataclass
class _Unwrapper:
    tokens: list[str]
    closers: dict[int, int]
    result: Canonical = field(default_factory=Canonical)

    def run(self) -> Canonical:
        self._unwrap(0, len(self.tokens), 0)
        return self.result

    def _unwrap(self, begin: int, end: int, level: int) -> None:
        """Append tokens[begin:end] to the result without wrappers and commas between elements."""
        position, depth = begin, 0
        while position < end:
            token = self.tokens[position]
            close = self.closers.get(position + 1, end) if token in _WRAPPERS else end
            if close < end and self._unwrap_call(position + 2, close, level + 1):
                position = close + 1
                continue
            depth += (token in CLOSING) - (token in CLOSING.values())
            if token != "," or depth <= 0:
                self.result.tokens.append(token)
            position += 1

    def _unwrap_call(self, begin: int, end: int, level: int) -> bool:
        """Append the value inside `tensor(...)` and note its dtype and shape.

        Return False, with nothing done, where the call says more than a value and facts about it.
        """
        value: tuple[int, int] | None = None
        facts: dict[str, list[str]] = {}
        for first, last in self._arguments(begin, end) if level <= _MAX_LEVEL else ():
            named = first + 1 < last and self.tokens[first + 1] == "="
            name = self.tokens[first] if named else ""
            if name in _FACTS:
                facts[name] = self.tokens[first + 2 : last]
            elif name in ("", "value") and value is None:
                value = (first + 2 if name else first, last)
            else:
                return False
        if value is None and "shape" not in facts:
            return False
        result = self.result
        slot = len(result.dtypes)
        result.dtypes.append(_DTYPE_PREFIX.sub("", "".join(facts.get("dtype", ()))).lower())
        result.shapes.append(tuple(facts.get("shape") or facts.get("size") or ()))
        result.values.append([])
        start = len(result.tokens)
        self._unwrap(*(value or (end, end)), level)
        result.values[slot] = result.tokens[start:]
        return True

    def _arguments(self, begin: int, end: int) -> list[tuple[int, int]]:
        cuts, depth = [begin], 0
        for position in range(begin, end):
            token = self.tokens[position]
            depth += (token in CLOSING) - (token in CLOSING.values())
            if token == "," and depth == 0:
                cuts.append(position + 1)
        stops = [cut - 1 for cut in cuts[1:]] + [end]
        return [(first, last) for first, last in zip(cuts, stops, strict=True) if first < last]


def _closers(tokens: Sequence[str]) -> dict[int, int]:
    """Return where every `(` that is closed closes."""
    found: dict[int, int] = {}
    opened: list[int] = []
    for position, token in enumerate(tokens):
        if token == "(":
            opened.append(position)
        elif token == ")" and opened:
            found[opened.pop()] = position
    return found
