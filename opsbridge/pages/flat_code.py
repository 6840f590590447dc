"""Restores the lines of Python code that was squeezed onto one line.

Two things are lost with the line ends: where a statement stops and where a comment stops. A
statement stops at bracket depth 0 between two tokens that no expression can hold side by side. A
comment stops at the first word from which everything up to the next `#` reads as statements, where
a bare expression counts only as a call whose names are bound before: so `Out: tensor([0, 2, 3])`,
`[True False]`, labels and prose stay comment. Indentation cannot be restored; a compound statement
is kept as one line that says so.
"""

from __future__ import annotations

import ast
import builtins
import keyword
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from opsbridge.pages.flat_tokens import NotCodeError, Span, Token, spans_of, tokens_of
from opsbridge.pages.model import Line
from opsbridge.pages.names import names_of, parse

_WORD = re.compile(r"\S+")
_COMPOUND = frozenset({"def", "class", "for", "while", "if", "with", "try", "async", "@"})
_CONTAINERS = frozenset({"tensor", "Tensor", "array", "Parameter"})
_MAX_LENGTH = 200_000
# Any word of a comment may be where code begins, and is read on from: what is read is bounded, in
# proportion to the text, so that nobody's page takes for ever.
_MOST_READ = 20_000
_MOST_READ_PER_CHARACTER = 10


class _TooLongError(Exception):
    """Text takes too long to take apart."""


@dataclass
class _Restorer:
    text: str
    bound: set[str] = field(default_factory=set)
    pieces: list[tuple[int, int, str]] = field(default_factory=list)
    """Start, end and the reason why it is lost (or '') of every restored line."""
    left: int = field(init=False)
    """How many more tokens are read, and characters of statements tried."""

    def __post_init__(self) -> None:
        self.left = _MOST_READ + _MOST_READ_PER_CHARACTER * len(self.text)

    def run(self) -> list[tuple[int, int, str]]:
        position, open_brackets = self._code(0, "")
        while position < len(self.text):
            position, open_brackets = self._comment(position, open_brackets)
        return self.pieces

    def _code(self, start: int, open_brackets: str) -> tuple[int, str]:
        """Take the code from `start` to the next comment; return where that is."""
        try:
            spans = list(self._spans(start, open_brackets))
        except NotCodeError:
            end = self.text.find("#", start)
            end = len(self.text) if end < 0 else end
            self._keep(start, end, "")
            return end, ""
        for number, span in enumerate(spans):
            if span.first in _COMPOUND and not span.open_brackets:
                end = spans[-1].end
                header = self.text[span.start : end].split(":")[0]
                lost = f"the indentation of `{_shorten(header)}:` is lost in the flattened page"
                self._keep(span.start, end, lost)
                self.bound |= _bound_by_header(self.text[span.start : end])
                return _comment_start(self.text, end), ""
            self._keep(span.start, span.end, "")
            if not (number == 0 and open_brackets):
                self.bound |= _bound(self.text[span.start : span.end])
        last_open = spans[-1].open_brackets if spans else open_brackets
        return _comment_start(self.text, spans[-1].end if spans else start), last_open

    def _comment(self, start: int, open_brackets: str) -> tuple[int, str]:
        """Take the comment that starts at `start` and the code that follows it up to the next."""
        following = self.text.find("#", start + 1)
        following = len(self.text) if following < 0 else following
        first = True
        for word in _WORD.finditer(self.text, start + 1, following):
            begin = word.start()
            if first:
                first = False
                # A comment that is code from its first word on is a statement commented out.
                begin = -1 if open_brackets else self._after_first_statement(begin)
                if begin < 0:
                    continue
            if self._reads_as_code(begin, open_brackets):
                self._keep(start, begin, "")
                return self._code(begin, open_brackets)
        self._keep(start, following, "")
        return following, open_brackets

    def _after_first_statement(self, begin: int) -> int:
        if not self._reads_as_code(begin, ""):
            return -1
        spans = list(self._spans(begin, ""))
        return spans[1].start if len(spans) > 1 else -1

    def _reads_as_code(self, begin: int, open_brackets: str) -> bool:
        bound = set(self.bound)
        first = True
        try:
            spans = self._spans(begin, open_brackets)
            for span in spans:
                source = self.text[span.start : span.end]
                self._spend(len(source))
                if first and open_brackets:
                    if not _names_known(source, bound):
                        return False
                elif span.open_brackets:
                    return _opens_statement(source, bound)
                elif span.first in _COMPOUND:
                    return self._is_compound_header(source) and all(spans)
                elif not _is_statement(source, bound, resumes=first):
                    return False
                else:
                    bound |= _bound(source)
                first = False
        except NotCodeError:
            return False
        return not first

    def _spans(self, start: int, open_brackets: str) -> Iterator[Span]:
        return spans_of(self.text, self._tokens(start), open_brackets)

    def _tokens(self, start: int) -> Iterator[Token]:
        for token in tokens_of(self.text, start):
            self._spend(1)
            yield token

    def _spend(self, amount: int) -> None:
        self.left -= amount
        if self.left < 0:
            raise _TooLongError

    def _is_compound_header(self, source: str) -> bool:
        if source.startswith("@"):
            return True
        suffix = " pass\nfinally: pass" if source.startswith("try") else " pass"
        for colon in re.finditer(":", source):
            self._spend(colon.start())
            try:
                ast.parse(source[: colon.end()] + suffix)
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                continue
            return True
        return False

    def _keep(self, start: int, end: int, lost: str) -> None:
        if self.text[start:end].strip():
            self.pieces.append((start, end, lost))


def restore_code(text: str, start: int = 0) -> list[Line]:
    """Return the lines of code that was flattened onto one line.

    start is added to every line's place. Text that is no flattened code comes back as one line.
    """
    if len(text) > _MAX_LENGTH:
        return [Line(text, start, f"a flattened example of more than {_MAX_LENGTH} characters")]
    try:
        pieces = _Restorer(text).run()
    except _TooLongError:
        return [Line(text, start, "a flattened example that takes too long to take apart")]
    lines = []
    for begin, end, lost in pieces:
        piece = text[begin:end]
        indent = len(piece) - len(piece.lstrip())
        lines.append(Line(piece.strip(), start + begin + indent, lost))
    return lines if len(lines) > 1 else [Line(text, start)]


def _is_statement(source: str, bound: set[str], *, resumes: bool) -> bool:
    try:
        body = parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    if len(body) != 1:
        return False
    node = body[0]
    if isinstance(node, ast.AnnAssign):
        return False
    if isinstance(node, ast.Assign):
        return all(_is_bindable(target, bound) for target in node.targets)
    if not isinstance(node, ast.Expr):
        return not isinstance(node, ast.Pass | ast.Break | ast.Continue | ast.Return)
    return _is_known_call(node.value, bound) if resumes else _root(node.value) in bound | _BUILTINS


_BUILTINS = frozenset(dir(builtins))


def _is_bindable(target: ast.expr, bound: set[str]) -> bool:
    """Whether an assignment target is new, or part of something that exists."""
    if isinstance(target, ast.Tuple | ast.List):
        return all(_is_bindable(part, bound) for part in target.elts)
    return isinstance(target, ast.Name | ast.Starred) or _root(target) in bound


def _is_known_call(node: ast.expr, bound: set[str]) -> bool:
    """Whether an expression in a comment is a call worth making, not a printed value."""
    if not isinstance(node, ast.Call) or _root(node) not in bound | _BUILTINS:
        return False
    known = bound | _BUILTINS
    if not names_of(ast.Expr(node)).reads <= known:
        return False
    function = node.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    is_value = name in _CONTAINERS and not any(
        isinstance(part, ast.Name) for argument in node.args for part in ast.walk(argument)
    )
    return not is_value


def _root(node: ast.expr) -> str:
    while True:
        if isinstance(node, ast.Call):
            node = node.func
        elif isinstance(node, ast.Attribute | ast.Subscript):
            node = node.value
        else:
            return node.id if isinstance(node, ast.Name) else ""


def _names_known(source: str, bound: set[str]) -> bool:
    """Whether text that continues an open bracket uses known names only."""
    known = bound | _BUILTINS
    previous = ""
    for token in tokens_of(source, 0):
        is_plain = token.kind == "name" and not keyword.iskeyword(token.text)
        if is_plain and previous != "." and token.text not in known:
            return source[token.end :].lstrip()[:1] == "="
        previous = token.text
    return True


def _opens_statement(source: str, bound: set[str]) -> bool:
    """Whether an unfinished statement assigns, or calls something known that is no container."""
    assigned = re.match(r"[^\W\d]\w*(?:\s*,\s*[^\W\d]\w*)*\s*=(?!=)", source)
    called = re.match(r"([^\W\d]\w*)(?:\s*\.\s*(\w+))*\s*\(", source)
    if assigned:
        return True
    if called is None or called[1] not in bound | _BUILTINS:
        return False
    return (called[2] or called[1]) not in _CONTAINERS


def _bound(source: str) -> set[str]:
    try:
        found = [names_of(node) for node in parse(source)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set(re.findall(r"^([^\W\d]\w*)\s*=(?!=)", source))
    return {name for names in found for name in names.binds | names.maybe}


def _bound_by_header(source: str) -> set[str]:
    return set(re.findall(r"\b(?:def|class)\s+(\w+)", source)) | set(
        re.findall(r"(?<![\w.])([^\W\d]\w*)\s*=(?!=)", source)
    )


def _comment_start(text: str, position: int) -> int:
    following = text.find("#", position)
    return len(text) if following < 0 else following


def _shorten(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."
