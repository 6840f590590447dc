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
    result = Canonical()
    tokens = split(text)
    _unwrap(tokens, 0, len(tokens), result)
    return result


def split(text: str) -> list[str]:
    """Return the tokens of an output; NumPy's `1 2` and `1, 2` still differ by the comma."""
    return [match.group() for match in _TOKEN.finditer(text)]


def _unwrap(tokens: Sequence[str], begin: int, end: int, result: Canonical) -> None:
    """Append tokens[begin:end] to the result without wrappers and commas between elements."""
    position, depth = begin, 0
    while position < end:
        token = tokens[position]
        close = _closing(tokens, position + 1, end) if token in _WRAPPERS else -1
        if close >= 0 and _unwrap_call(tokens, position + 2, close, result):
            position = close + 1
            continue
        depth += (token in CLOSING) - (token in CLOSING.values())
        if token != "," or depth <= 0:
            result.tokens.append(token)
        position += 1


def _unwrap_call(tokens: Sequence[str], begin: int, end: int, result: Canonical) -> bool:
    """Append the value inside `tensor(...)` and note its dtype and shape.

    Return False, with nothing done, where the call says more than a value and facts about it.
    """
    value: tuple[int, int] | None = None
    facts: dict[str, list[str]] = {}
    for first, last in _arguments(tokens, begin, end):
        name = tokens[first] if first + 1 < last and tokens[first + 1] == "=" else ""
        if name in _FACTS:
            facts[name] = list(tokens[first + 2 : last])
        elif name in ("", "value") and value is None:
            value = (first + 2 if name else first, last)
        else:
            return False
    if value is None and "shape" not in facts:
        return False
    slot = len(result.dtypes)
    result.dtypes.append(_DTYPE_PREFIX.sub("", "".join(facts.get("dtype", ()))).lower())
    result.shapes.append(tuple(facts.get("shape") or facts.get("size") or ()))
    result.values.append([])
    start = len(result.tokens)
    _unwrap(tokens, *(value or (end, end)), result)
    result.values[slot] = result.tokens[start:]
    return True


def _arguments(tokens: Sequence[str], begin: int, end: int) -> list[tuple[int, int]]:
    cuts, depth = [begin], 0
    for position in range(begin, end):
        depth += (tokens[position] in CLOSING) - (tokens[position] in CLOSING.values())
        if tokens[position] == "," and depth == 0:
            cuts.append(position + 1)
    stops = [cut - 1 for cut in cuts[1:]] + [end]
    return [(first, last) for first, last in zip(cuts, stops, strict=True) if first < last]


def _closing(tokens: Sequence[str], position: int, end: int) -> int:
    """Return where the `(` at `position` closes, or -1."""
    if position >= end or tokens[position] != "(":
        return -1
    depth = 0
    for index in range(position, end):
        depth += (tokens[index] == "(") - (tokens[index] == ")")
        if depth == 0:
            return index
    return -1
