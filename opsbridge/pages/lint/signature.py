"""Reads the signatures that difference pages print: nearly Python, with two calls or none."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

_CALL = re.compile(r"(?P<name>[A-Za-z_]\w*(?:\.\w+)*)\s*\(")
_PARAMETER = re.compile(r"(?P<stars>\*{0,2})\s*(?P<name>[A-Za-z_]\w*)\s*(?P<rest>.*)", re.DOTALL)
_OPENING, _CLOSING = "([{", ")]}"


@dataclass(frozen=True)
class Parameter:
    """A parameter of a printed signature; `default` is the text after `=`, '' if there is none."""

    name: str
    default: str = ""


@dataclass(frozen=True)
class Signature:
    """A printed signature; `is_open` where it takes `*args` or `**kwargs`."""

    name: str
    parameters: tuple[Parameter, ...]
    is_open: bool = False


def parse_signatures(text: str) -> list[Signature]:
    """Return the signatures of a block; `class X(a, b)(c)` takes a, b and c."""
    found: list[Signature] = []
    position = 0
    while match := _CALL.search(text, position):
        parameters: list[Parameter] = []
        is_open = False
        position = match.end() - 1
        while position < len(text) and text[position] == "(":
            end = _closing(text, position)
            inside = text[position + 1 : end].replace("[,", ",").replace("[ ,", ",")
            for part in _parts(inside):
                parameter = _PARAMETER.match(part.strip(" \n\t]"))
                if parameter is None:
                    continue
                is_open = is_open or bool(parameter["stars"])
                default = next(_defaults(parameter["rest"]), "")
                parameters.append(Parameter(parameter["name"], default))
            following = re.compile(r"\s*").match(text, end + 1)
            position = following.end() if following else end + 1
        found.append(Signature(match["name"], tuple(parameters), is_open))
    return found


def _parts(text: str) -> Iterator[str]:
    """Yield the parameters between two brackets; `(h_0, c_0)` stands for both."""
    for part in _split(text, ","):
        inner = part.strip()
        if inner.startswith("(") and inner.endswith(")"):
            yield from _split(inner[1:-1], ",")
        else:
            yield part


def differing_literals(left: str, right: str) -> bool:
    """Whether two default values are literals and not equal; 1, 1.0 and True are equal."""
    if not left or not right or left == right:
        return False
    try:
        before, after = _literal(left), _literal(right)
    except (ValueError, SyntaxError, TypeError, ZeroDivisionError, RecursionError, MemoryError):
        return False
    return not _is_same(before, after)


def _is_same(left: object, right: object) -> bool:
    if isinstance(left, float) and isinstance(right, int | float):
        return abs(left - right) <= 1e-9 * max(abs(left), abs(right))
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return list(left) == list(right)
    return left == right


def _literal(text: str) -> object:
    tree = ast.parse(text.strip(), mode="eval").body
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Div):
        return float(ast.literal_eval(tree.left)) / float(ast.literal_eval(tree.right))
    value: object = ast.literal_eval(tree)
    return value


def _defaults(text: str) -> Iterator[str]:
    parts = list(_split(text, "="))
    if len(parts) > 1:
        yield "=".join(parts[1:]).strip()


def _split(text: str, separator: str) -> Iterator[str]:
    """Split at a separator that stands in no brackets and in no quotes."""
    begin = depth = 0
    quote = ""
    for position, char in enumerate(text):
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char in _OPENING:
            depth += 1
        elif char in _CLOSING:
            depth -= 1
        elif char == separator and depth <= 0:
            yield text[begin:position]
            begin = position + 1
    yield text[begin:]


def _closing(text: str, start: int) -> int:
    """Return where the bracket at `start` is closed, or the end of the text."""
    depth = 0
    quote = ""
    for position in range(start, len(text)):
        char = text[position]
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char in _OPENING:
            depth += 1
        elif char in _CLOSING:
            depth -= 1
            if depth == 0:
                return position
    return len(text)
