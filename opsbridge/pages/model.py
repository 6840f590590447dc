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
    PYTHON = "Python"


class Verdict(enum.Enum):
    """The closed list of answers about one documented statement."""

    TRUE = "true"
    NUMERICALLY_TRUE = "numerically true"
    DIFFERS = "differs"
    ERROR = "error"
    NOT_REACHED = "not reached"
    SKIPPED = "skipped"


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
    """None: the page documents nothing here; the row exists because the statement failed."""
    printed: str = ""
