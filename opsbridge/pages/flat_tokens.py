"""Splits one line of flattened Python into tokens and statements."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
    | (?P<comment>\#)
    | (?P<string>(?:[rbuf]|rb|br|rf|fr)?(?:
          '''(?:[^\\]|\\.)*?''' | \"""(?:[^\\]|\\.)*?\"""
        | '(?:[^'\\]|\\.)*' | "(?:[^"\\]|\\.)*" ))
    | (?P<number>(?:0x[\da-f_]+|0b[01_]+|0o[0-7_]+
        |(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:e[+-]?\d+)?j?)(?!\w))
    | (?P<name>[^\W\d]\w*)
    | (?P<op>\.\.\.|\*\*=|//=|>>=|<<=|->|:=|[-+*/%@&|^=!<>]=|\*\*|//|<<|>>
        |[-+*/%@&|^~<>=()\[\]{},:.;])
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_OPENING = "([{"
_CLOSING = ")]}"
_INFIX = frozenset({"and", "or", "in", "is", "not", "if", "else", "as"})
_COMPREHENSION = frozenset({"for", "async"})
_OPERAND_KEYWORDS = frozenset({"None", "True", "False", "pass", "break", "continue", "return"})


class NotCodeError(Exception):
    """The text at this place is not Python code."""


@dataclass
class Token:
    """A token and where it stands in the line."""

    kind: str
    text: str
    start: int
    end: int

    @property
    def ends_operand(self) -> bool:
        """Whether a value can end here."""
        if self.kind in ("string", "number"):
            return True
        if self.kind == "name":
            return not keyword.iskeyword(self.text) or self.text in _OPERAND_KEYWORDS
        return self.text in (")", "]", "}", "...")


@dataclass
class Span:
    """One statement: where it starts and ends, and whether brackets stay open at the end."""

    start: int
    end: int
    open_brackets: str = ""
    first: str = ""


def tokens_of(text: str, position: int) -> Iterator[Token]:
    """Yield the tokens from `position` to the next comment.

    Raises:
        NotCodeError: something there is no token of Python.
    """
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise NotCodeError
        position = match.end()
        kind = str(match.lastgroup)
        if kind == "comment":
            return
        if kind != "space":
            yield Token(kind, match.group(), match.start(), match.end())


def spans_of(text: str, tokens: Iterable[Token], open_brackets: str) -> Iterator[Span]:
    """Yield the statements that tokens of a text form, inside `open_brackets` at first.

    Raises:
        NotCodeError: brackets do not match, or values stand side by side within them.
    """
    brackets = open_brackets
    span: Span | None = None
    previous: Token | None = None
    seen_import = False
    for token in tokens:
        if brackets:
            if _adjacent(previous, token) and token.text not in _COMPREHENSION:
                raise NotCodeError
        elif (
            span is not None
            and (_is_decorator(text, token) or _adjacent(previous, token))
            and not _joins(span.first, token, seen_import)
        ):
            yield span
            span, seen_import = None, False
        if span is None:
            span = Span(token.start, token.end, first=token.text)
        if token.text in _OPENING and token.kind == "op":
            brackets += token.text
        elif token.text in _CLOSING and token.kind == "op":
            if not brackets or _OPENING.index(brackets[-1]) != _CLOSING.index(token.text):
                raise NotCodeError
            brackets = brackets[:-1]
        elif token.text == ";" and not brackets:
            span.end = token.start
            yield span
            span, previous, seen_import = None, None, False
            continue
        seen_import = seen_import or token.text == "import"
        span.end = token.end
        previous = token
    if span is not None:
        span.open_brackets = brackets
        yield span


def _adjacent(left: Token | None, right: Token) -> bool:
    """Whether no expression holds these two tokens side by side."""
    if left is None or not left.ends_operand:
        return False
    if left.text == "return" and left.kind == "name":
        return False
    if right.kind == "name":
        return right.text not in _INFIX
    if right.kind == "number":
        return True
    return right.kind == "string" and left.kind != "string"


def _is_decorator(text: str, token: Token) -> bool:
    """Whether an `@` has a blank before it and none behind: `@name`, not `a @ b`."""
    before, behind = text[token.start - 1 : token.start], text[token.end : token.end + 1]
    return token.text == "@" and before.isspace() and not behind.isspace()


def _joins(first: str, token: Token, seen_import: bool) -> bool:
    """Whether a keyword after an operand goes on with the statement that starts with `first`."""
    if token.text == "import":
        return first == "from" and not seen_import
    if token.text == "from":
        return first in ("raise", "yield")
    return first in ("for", "async") and token.text == "in"
