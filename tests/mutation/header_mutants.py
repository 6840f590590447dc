"""Mutants of C++ headers, token by token: other operators, constants, conditions, one thing less.

Not all of them compile (a `<` may open the arguments of a template); those do not count.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from mutant import ROOT, Mutant

# What stays as it is: comments, strings, directives of the preprocessor, code for CUDA alone, and
# what leaves a switch that would be left anyway.
_QUIET = re.compile(
    r"""//[^\n]*|"[^"\n]*"|'[^'\n]*'
      |^\#\s*(?:ifdef\ __CUDA|if\ defined\(__CUDA)[\s\S]*?^\#\s*(?:else|elif|endif)[^\n]*
      |(?:\bbreak;\s*)?\bdefault:[^\n]*\s*break;
      |^\#[^\n]*|\btemplate\s*<[^\n]*|^using[^\n]*|\bstatic_assert[^;]*;""",
    re.M | re.X,
)
_OPERATORS = {
    "<": ("<=", ">"),
    "<=": ("<", ">="),
    ">": (">=", "<"),
    ">=": (">", "<="),
    "==": ("!=",),
    "!=": ("==",),
    "+": ("-",),
    "-": ("+",),
    "*": ("/",),
    "/": ("*",),
    "%": ("/",),
    "+=": ("-=",),
    "-=": ("+=",),
    "*=": ("/=",),
    "&&": ("||",),
    "||": ("&&",),
    "&": ("|",),
    "|": ("&",),
    "<<": (">>",),
    ">>": ("<<",),
    "?": ("? false :",),
}
# Between two spaces an operator has two operands; references and templates have no such spaces.
_OPERATOR = re.compile(
    rf"(?<= )({'|'.join(sorted(map(re.escape, _OPERATORS), key=len)[::-1])})(?= )"
)
_NUMBER = re.compile(r"(?<![\w.])([0-9]+)(?=[);,\]} ])")
_SWAPS = {
    "smaller": "larger",
    "larger": "smaller",
    "smaller_or_nan": "smaller",
    "larger_or_nan": "larger",
    "round_up": "round_down",
    "round_down": "round_up",
    "round_to_even": "round_to_zero",
    "round_to_zero": "round_to_even",
    "true": "false",
    "false": "true",
}
_NAME = re.compile(rf"\b({'|'.join(_SWAPS)})\b(?=[(;,)])(?!\(A? ?[a-z]+ [a-z]+,)")
_CONDITION = re.compile(r"\b(?:if|while) \(")
_STATEMENT = re.compile(
    r"(?<=\n)( +(?:return [^;{]*|[\w.\->\[\]]+ [-+*|]?= [^;{]*|\w+\([^;{]*\));)(?=\n)"
)
_BREAK = re.compile(r"(?<= )(break|continue);")


def header_mutants(file: str) -> Iterator[Mutant]:
    """All mutants of a header."""
    text = (ROOT / file).read_text(encoding="utf-8")
    quiet = [match.span() for match in _QUIET.finditer(text)]
    for kind, start, end, new in _changes(text):
        if not any(first <= start < last for first, last in quiet):
            yield Mutant(file, kind, _replacing(start, end, new))


def _changes(text: str) -> Iterator[tuple[str, int, int, str]]:
    """Kind, where from, where to, and what instead."""
    for match in _OPERATOR.finditer(text):
        for new in _OPERATORS[match[1]]:
            yield f"operator {match[1]}", match.start(), match.end(), new
    for match in _NUMBER.finditer(text):
        for new in {"0": ("1",), "1": ("0", "2")}.get(match[1], (str(int(match[1]) + 1),)):
            yield "number", match.start(), match.end(), new
    for match in _NAME.finditer(text):
        yield "name", match.start(), match.end(), _SWAPS[match[1]]
    for match in _CONDITION.finditer(text):
        start, end = match.end() - 1, _behind_closing(text, match.end())
        yield "condition", start, end, f"(!{text[start:end]})"
    for match in _STATEMENT.finditer(text):
        yield "statement", match.start(), match.end(), ""
    for match in _BREAK.finditer(text):
        yield "statement", match.start(), match.end(), ";"


def _behind_closing(text: str, start: int) -> int:
    """Where the parenthesis ends that was opened before a place."""
    depth = 1
    while depth:
        depth += {"(": 1, ")": -1}.get(text[start], 0)
        start += 1
    return start


def _replacing(start: int, end: int, new: str) -> Callable[[str], str]:
    return lambda text: text[:start] + new + text[end:]
