"""What the parts of the doctest runner hand to each other."""

from __future__ import annotations

import ast
import enum
from dataclasses import dataclass, field


class Framework(enum.Enum):
    """The framework that one half of an example shows."""

    TORCH = "PyTorch"
    MINDSPORE = "MindSpore"
    NONE = "Python"


class Backend(enum.Enum):
    """What a half runs on."""

    PYTORCH = "PyTorch"
    MINDSPORE = "MindSpore"
    OPSBRIDGE = "opsbridge"
    """A MindSpore half on PyTorch tensors, or a PyTorch half on MindSpore tensors."""
    PYTHON = "Python"
    COMPARED = "real against opsbridge"
    """No backend: the outputs of the framework itself beside those of opsbridge."""


class Verdict(enum.Enum):
    """The closed list of answers about one documented statement."""

    TRUE = "true"
    NUMERICALLY_TRUE = "numerically true"
    DOCUMENTED_ERROR = "documented error"
    """The error that the page documents was raised."""
    RANDOM = "random"
    """Another run printed something else again: no output could be documented."""
    DIFFERS = "differs"
    ERROR = "error"
    NOT_REACHED = "not reached"
    SKIPPED = "skipped"


class Cause(enum.Enum):
    """The closed list of reasons why a statement is not true, as far as evidence was found."""

    PACKAGE = "package missing"
    DATA = "data needed"
    NETWORK = "network needed"
    PLATFORM = "not on this platform"
    NOT_COVERED = "not covered by opsbridge"
    RENAMED = "renamed API"
    REMOVED = "removed API"
    SIGNATURE = "signature changed"
    UNDEFINED = "name not defined"
    SYNTAX = "cannot be parsed"
    TIME = "took too long"
    MEMORY = "out of memory"
    OUTPUT = "wrote too much"
    FILES = "wrote outside its folder"
    ENDED = "process ended"
    STOPPED = "an earlier statement failed"
    UNKNOWN = "unknown"


STALE_CAUSES = frozenset({Cause.RENAMED, Cause.REMOVED, Cause.SIGNATURE})
"""Skipped for one of these, a statement is out of date: its page is not true."""


@dataclass(frozen=True)
class Line:
    """One line of a restored page: its text and where that text starts in the page as it came."""

    text: str
    start: int
    lost: str = ""
    """Why the line cannot be run as it stands (indentation lost by flattening), or ''."""


@dataclass(frozen=True)
class Expectation:
    """The output, or the error, that a page documents for one statement."""

    text: str
    line: int
    marked: bool
    """Introduced by `Out:`, so it is certainly meant as an output."""
    error: str = ""
    """The class name of a documented error, or ''."""


@dataclass
class Statement:
    """One top-level statement of a page; lines are those of the restored page, from 1."""

    index: int
    first_line: int
    last_line: int
    source: str
    node: ast.stmt | None
    example: int
    framework: Framework = Framework.NONE
    broken: str = ""
    """Why it cannot be run at all (syntax error, lost indentation), or ''."""
    expectation: Expectation | None = None


@dataclass(frozen=True)
class Api:
    """An API heading of a page and the signature printed below it."""

    name: str
    signature: str
    line: int


@dataclass(frozen=True)
class Table:
    """A table of a page: header cells, then rows of cells."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    line: int


@dataclass(frozen=True)
class Fence:
    """A code fence: its language, the heading above it and its content lines (from 1)."""

    language: str
    heading: str
    first_line: int
    last_line: int
    output: tuple[tuple[int, str], ...] = ()
    """Lines (number, text) of a text fence below it that shows its output."""


@dataclass
class Page:
    """A difference page, restored and taken apart."""

    path: str
    text: str
    lines: list[Line]
    language: str
    title: str
    apis: list[Api] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    examples: list[list[Fence]] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)

    def where(self, line: int) -> str:
        """Return the place of a restored line in the page as it came, as 'line' or 'line:column'.

        The column is given when several restored lines come from one line of the page.
        """
        start = self.lines[line - 1].start
        number = self.text.count("\n", 0, start) + 1
        begin = self.text.rfind("\n", 0, start) + 1
        if self.text[begin:start].strip():
            return f"{number}:{start - begin + 1}"
        return str(number)


@dataclass(frozen=True)
class Row:
    """The verdict about one statement of one half on one backend."""

    example: int
    framework: Framework
    backend: Backend
    where: str
    source: str
    verdict: Verdict
    cause: str = ""
    documented: str | None = None
    """None: the page documents nothing here; the row exists because the statement failed.

    With Backend.COMPARED, what the framework itself printed."""
    printed: str = ""
    kind: Cause | None = None
    """Of what kind the cause is: of every error, skip and statement not reached."""
    statement: int = 0
    """The position of the statement among those of the page."""


@dataclass(frozen=True)
class HalfResult:
    """The rows of one half of an example on one backend."""

    example: int
    framework: Framework
    backend: Backend
    rows: tuple[Row, ...]
    """One for every documented statement, and one for a statement that stopped the half."""
    seconds: float = 0.0
    """How long it ran; 0 where nothing had to be run."""
    same_as: str = ""
    """The path of the page whose half, the same code on the same backend, was run instead."""


@dataclass(frozen=True)
class PageResult:
    """Everything that was found about one page."""

    page: int
    """Its position among the pages given."""
    halves: tuple[HalfResult, ...]
    """In the order of the page; empty for a page without examples."""


@dataclass(frozen=True)
class Progress:
    """Where a run stands: given whenever a statement begins, and whenever a half is done."""

    path: str
    """The page that a worker has just gone on with."""
    where: str
    """The place in it, as 'line' or 'line:column'; '' when its half is done."""
    statement: str
    """The statement that has begun; '' when the half is done."""
    seconds: float
    """Since the run began."""
    done: int
    total: int
    """Halves; one on two backends counts twice."""
