"""Compares a documented output with the printed one: structure exactly, floats within a tolerance.

Both texts are brought to the same canonical tokens: wrappers such as `tensor(..., grad_fn=...)` and
`Tensor(shape=..., dtype=..., value=...)` are taken off, commas between elements dropped. Then every
bracket, word and integer must be the same; floats are compared by the output checker of
pytest-doctestplus, within what the printed digits can tell.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from opsbridge.pages.canonical import CLOSING, Canonical, canonical, split
from opsbridge.pages.model import Verdict
from opsbridge.pages.numbers import NUMBER, is_float, same_number

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{6,16}>?")


def compare(documented: str, printed: str) -> Verdict:
    """Return TRUE, NUMERICALLY_TRUE or DIFFERS for a printed output against the documented one.

    TRUE: the same tokens; blanks, line ends and comment marks do not count. NUMERICALLY_TRUE: the
    same structure and integers, floats equal as far as printed, or another wrapper around the same
    value. `...` in the documented text stands for any balanced run of tokens.
    """
    plain_documented, plain_printed = split(documented), split(printed)
    if plain_documented == plain_printed:
        return Verdict.TRUE
    left, right = canonical(documented), canonical(printed)
    if not _tokens_match(left.tokens, right.tokens) or not _metadata_agrees(left, right):
        return Verdict.DIFFERS
    return Verdict.NUMERICALLY_TRUE


def _tokens_match(documented: Sequence[str], printed: Sequence[str]) -> bool:
    """Match token by token; `...` in the documented tokens takes a balanced run of printed ones."""
    if "..." not in documented:
        return len(documented) == len(printed) and all(map(_same_token, documented, printed))
    pieces: list[list[str]] = [[]]
    for token in documented:
        if token == "...":
            pieces.append([])
        else:
            pieces[-1].append(token)
    position = len(pieces[0])
    if not _piece_at(pieces[0], printed, 0):
        return False
    for number, piece in enumerate(pieces[1:], start=1):
        is_last = number == len(pieces) - 1
        starts = range(position, len(printed) - len(piece) + 1)
        for start in starts[-1:] if is_last else starts:
            if _is_balanced(printed[position:start]) and _piece_at(piece, printed, start):
                position = start + len(piece)
                break
        else:
            return False
    return True


def _piece_at(piece: Sequence[str], printed: Sequence[str], start: int) -> bool:
    window = printed[start : start + len(piece)]
    return len(window) == len(piece) and all(map(_same_token, piece, window))


def _is_balanced(tokens: Sequence[str]) -> bool:
    depth = 0
    for token in tokens:
        depth += (token in CLOSING) - (token in CLOSING.values())
        if depth < 0:
            return False
    return depth == 0


def _same_token(documented: str, printed: str) -> bool:
    if documented == printed:
        return True
    if NUMBER.fullmatch(documented) and NUMBER.fullmatch(printed):
        return same_number(documented, printed)
    # An object's address is another one in every process: only that it is one can be compared.
    return bool(_ADDRESS.fullmatch(documented) and _ADDRESS.fullmatch(printed))


def _metadata_agrees(documented: Canonical, printed: Canonical) -> bool:
    """Whether every documented dtype and shape holds for what was printed."""
    if not printed.dtypes:
        # Without a wrapper the printed text still shows the kind of its elements and its shape.
        facts = zip(documented.dtypes, documented.shapes, documented.values, strict=True)
        return all(
            _kind_fits(dtype, value) and _shape_fits(shape, value) for dtype, shape, value in facts
        )
    if not documented.dtypes:
        return True
    if len(documented.dtypes) != len(printed.dtypes):
        return False
    shapes = zip(documented.shapes, printed.shapes, printed.values, strict=True)
    return _dtypes_agree(documented, printed) and all(
        _shape_fits(left, value) and (not left or not right or _lengths(left) == _lengths(right))
        for left, right, value in shapes
    )


def _dtypes_agree(documented: Canonical, printed: Canonical) -> bool:
    """Whether every dtype is the same on both sides; one left unprinted is the default."""
    sides = [
        [
            dtype or _default_dtype(value)
            for dtype, value in zip(side.dtypes, side.values, strict=True)
        ]
        for side in (documented, printed)
    ]
    return all(not left or not right or left == right for left, right in zip(*sides, strict=True))


def _kind(value: Sequence[str]) -> str:
    """Return 'bool', 'int', 'float' or '' for the elements among some tokens."""
    if any(token in ("True", "False") for token in value):
        return "bool"
    numbers = [token for token in value if NUMBER.fullmatch(token)]
    if any("j" in number for number in numbers):
        return "complex"
    if any(is_float(number) for number in numbers):
        return "float"
    return "int" if numbers else ""


def _default_dtype(value: Sequence[str]) -> str:
    """Return the dtype that PyTorch leaves unprinted for these elements."""
    defaults = {"bool": "bool", "int": "int64", "float": "float32", "complex": "complex64"}
    return defaults.get(_kind(value), "")


def _kind_fits(dtype: str, value: Sequence[str]) -> bool:
    kind = _kind(value)
    return not dtype or not kind or kind in dtype.replace("uint", "int").replace("bfloat", "float")


def _lengths(shape: Sequence[str]) -> list[int]:
    return [int(token) for token in shape if token.isdigit()]


def _shape_fits(shape: Sequence[str], value: Sequence[str]) -> bool:
    """Whether a documented shape is the one that the brackets show (if they show all of it)."""
    if not shape or not value or "..." in value:
        return True
    lengths: list[int] = []
    _measure(value, lengths)
    documented = _lengths(shape)
    return documented == lengths or 0 in documented


def _measure(value: Sequence[str], lengths: list[int]) -> None:
    """Collect the length of the first list at every level of nested brackets."""
    counts: list[int] = []
    done: dict[int, int] = {}
    for token in value:
        if token == "[":
            if counts:
                counts[-1] += 1
            counts.append(0)
        elif token == "]" and counts:
            level = len(counts) - 1
            done.setdefault(level, counts.pop())
        elif counts:
            counts[-1] += 1
    lengths += [done[level] for level in sorted(done)]
