"""Rewrites documented outputs of a page that are no longer what the statements print."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from opsbridge.pages.compare import compare
from opsbridge.pages.expectation import is_prose, looks_like_value, readings
from opsbridge.pages.halves import marker_of
from opsbridge.pages.model import Backend, Expectation, Page, Row, Statement, Verdict
from opsbridge.pages.names import is_print
from opsbridge.pages.read import parse_page

_COMMENT = re.compile(r"(?P<indent>\s*)(?P<mark>#+)(?P<space> ?)(?P<body>.*)")
_OUT = re.compile(r"\s*(?:(?:outputs?|out|输出结果|输出)\s*[:：]|(?:out|output)\s*$)\s*", re.I)
# What a page prints where it catches an error of its own, and what MindSpore says in such a case.
_FAILURE = re.compile(r"Traceback|Call Stack|Unsupported op \[|Error:")
_NAMED = re.compile(r"\s*([A-Za-z_][\w.]*(?:\(\))?(?:\[[^\]]*\])?)\s*(?:=(?!=)|[:：])\s*(?=\S)")


@dataclass(frozen=True)
class Edit:
    """Lines of a page, from 0, that others replace, because of a row."""

    row: Row
    first: int
    end: int
    lines: tuple[str, ...]


@dataclass
class Update:
    """What becomes of a page: its new text, the edits that lead there, and what is left alone."""

    page: Page
    text: str
    edits: list[Edit] = field(default_factory=list)
    refused: list[tuple[Row, str]] = field(default_factory=list)


def plan_update(page: Page, rows: Iterable[Row]) -> Update:
    """Return the update of a page whose statements gave these rows.

    Only outputs of the framework itself are taken, and only where the page read anew takes the new
    comment for the output of that statement.
    """
    edits: list[Edit] = []
    refused: list[tuple[Row, str]] = []
    for row in rows:
        if row.verdict is not Verdict.DIFFERS or row.backend is Backend.COMPARED:
            continue
        edit = _edit(page, row)
        if isinstance(edit, str):
            refused.append((row, edit))
        elif not any(edit.first == other.first for other in edits):
            edits.append(edit)
    while True:
        text = _applied(page.text, edits)
        wrong = _misread(text, page, edits)
        if not wrong:
            return Update(page, text, edits, refused)
        refused += [
            (edit.row, "the new comment would not be read as this output") for edit in wrong
        ]
        edits = [edit for edit in edits if edit not in wrong]


def _edit(page: Page, row: Row) -> Edit | str:
    """Return the change that makes a row true, or the reason why there is none."""
    statement = page.statements[row.statement]
    expectation = statement.expectation
    if expectation is None or expectation.error:
        return "an error is documented, not an output"
    if row.backend is Backend.OPSBRIDGE:
        return "only the output of the framework itself is written into a page"
    if not row.printed.strip():
        return "nothing was printed"
    if len(re.split(r"\s+(?:or|或者?)\s+", expectation.text)) > 1 and _is_choice(expectation.text):
        return "the page documents alternatives"
    block = _block(page, expectation)
    if not block:
        return "the output stands in no comment"
    numbers = [_raw_line(page, number) for number in block]
    if -1 in numbers or numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        return "the page's lines are lost (flattened)"
    texts = [page.lines[number - 1].text for number in block]
    if _FAILURE.search(row.printed) and not _FAILURE.search(expectation.text):
        return "the output shows a failure"
    if not expectation.marked and not _may_be_output(expectation, statement, row.printed):
        return "the comment may be no output"
    if _follows_print(page, statement) and len(texts) > row.printed.strip("\n").count("\n") + 1:
        return "the comment may show the outputs of several prints"
    printed = [line.rstrip() for line in row.printed.rstrip().strip("\n").split("\n")]
    return Edit(row, numbers[0], numbers[-1] + 1, tuple(_rewritten(statement, texts, printed)))


def _may_be_output(expectation: Expectation, statement: Statement, printed: str) -> bool:
    """Whether a comment looks like a value, if the output does."""
    texts = readings(expectation.text, statement.source)
    return not looks_like_value(printed) or any(map(looks_like_value, texts))


def _follows_print(page: Page, statement: Statement) -> bool:
    """Whether the statement before, in the same half, is a print that documents nothing."""
    if not statement.index:
        return False
    before = page.statements[statement.index - 1]
    return (
        (before.example, before.framework) == (statement.example, statement.framework)
        and before.expectation is None
        and before.node is not None
        and is_print(before.node)
    )


def _is_choice(text: str) -> bool:
    return all(map(looks_like_value, re.split(r"\s+(?:or|或者?)\s+", text)))


def _block(page: Page, expectation: Expectation) -> list[int]:
    """Return the numbers of the lines of a comment that documents an output."""
    block: list[int] = []
    for number in range(expectation.line, len(page.lines) + 1):
        text = page.lines[number - 1].text.strip()
        is_first = number == expectation.line
        is_comment = text.startswith("#") and (is_first or marker_of(text) is None)
        if not is_comment and not (is_first and "#" in text):
            break
        block.append(number)
    return block


def _raw_line(page: Page, number: int) -> int:
    """Return the line of the page as it came, from 0, or -1 if it holds more than this line."""
    line = page.lines[number - 1]
    begin = page.text.rfind("\n", 0, line.start) + 1
    end = page.text.find("\n", line.start)
    raw = page.text[begin:] if end < 0 else page.text[begin:end]
    return page.text.count("\n", 0, begin) if raw.strip() == line.text.strip() else -1


def _rewritten(statement: Statement, texts: Sequence[str], printed: Sequence[str]) -> list[str]:
    """Return the lines of a comment in its own style, with another output in it."""
    head: list[str] = []
    first = texts[0]
    if not first.lstrip().startswith("#"):
        code, comment = _split_comment(first, statement)
        if len(texts) == len(printed) == 1:
            match = _COMMENT.match(comment)
            return [f"{code}{match['mark'] if match else '#'}{_space(comment)}{printed[0]}"]
        indent = code[: len(code) - len(code.lstrip())]
        head = [code.rstrip()]
        texts = [f"{indent}{comment}", *texts[1:]]
    return [*head, *_comment(statement, texts, printed)]


def _split_comment(line: str, statement: Statement) -> tuple[str, str]:
    tail = statement.source.split("\n")[-1]
    begin = line.find("#", line.find(tail) + len(tail))
    return line[:begin], line[begin:]


def _space(comment: str) -> str:
    match = _COMMENT.match(comment)
    return match["space"] if match else " "


def _comment(statement: Statement, texts: Sequence[str], printed: Sequence[str]) -> list[str]:
    matches = [match for match in map(_COMMENT.match, texts) if match]
    bodies = [match["body"] for match in matches]
    style = f"{matches[0]['indent']}{matches[0]['mark']}"
    space = next((match["space"] for match in matches if match["body"]), " ")
    kept, last = _value_span(bodies, len(printed))
    lead = list(texts[:kept])
    prefix = ""
    mark = _OUT.match(bodies[kept])
    if mark and not bodies[kept][mark.end() :].strip() and kept + 1 < last:
        lead.append(texts[kept])
    elif mark:
        prefix = bodies[kept][: mark.end()]
    else:
        named = _NAMED.match(bodies[kept])
        if named and re.split(r"[.(\[]", named[1])[0] in re.findall(r"\w+", statement.source):
            prefix = named[0]
    follows = [body for body in bodies[kept + 1 : last] if body.strip()]
    is_aligned = all(body.startswith(" " * len(prefix)) for body in follows)
    pad = " " * len(prefix) if is_aligned else ""
    lines = [f"{prefix if not number else pad}{line}" for number, line in enumerate(printed)]
    written = [f"{style}{space}{line}" if line.strip() else style for line in lines]
    return [*lead, *written, *texts[last:]]


def _value_span(bodies: Sequence[str], length: int) -> tuple[int, int]:
    """Return where the output begins and ends between sentences about it.

    A comment of as many lines as the output is all output, whatever its words look like.
    """
    begin, end = 0, len(bodies)
    if end - bool(_OUT.fullmatch(bodies[0])) == length:
        return begin, end
    while begin < end - 1 and is_prose(bodies[begin]) and not _OUT.match(bodies[begin]):
        begin += 1
    while end > begin + 1 and is_prose(bodies[end - 1]):
        end -= 1
    return begin, end


def _applied(text: str, edits: Iterable[Edit]) -> str:
    lines = text.split("\n")
    for edit in sorted(edits, key=lambda edit: -edit.first):
        lines[edit.first : edit.end] = edit.lines
    return "\n".join(lines)


def _misread(text: str, page: Page, edits: Sequence[Edit]) -> list[Edit]:
    """Return the edits after which the page does not document what the statement printed."""
    again = parse_page(text, page.path)
    if [item.source for item in again.statements] != [item.source for item in page.statements]:
        return list(edits)
    return [edit for edit in edits if not _is_true(again.statements[edit.row.statement], edit.row)]


def _is_true(statement: Statement, row: Row) -> bool:
    expectation = statement.expectation
    if expectation is None or expectation.error:
        return False
    wanted = (Verdict.TRUE, Verdict.NUMERICALLY_TRUE)
    texts = readings(expectation.text, statement.source)
    return any(compare(text, row.printed) in wanted for text in texts)
