"""Restores the lines of a page that came squeezed onto one line, wholly or in part.

Every restored line knows where it starts in the page as it came, so that a report can point there.
A page with sound line ends comes back unchanged.
"""

from __future__ import annotations

import bisect
import itertools
import re

from opsbridge.pages.flat_code import restore_code
from opsbridge.pages.model import Line

_PYTHON = frozenset({"python", "py", "python3"})
_FENCE_LINE = re.compile(r" {0,3}(`{3,}|~{3,})[ \t]*([\w+-]*)[ \t]*$")
_INLINE_FENCE = re.compile(r"(?<!`)(`{3,})(\w*)[ \t]+(.*?)[ \t]*\1(?!`)")
_UNCLOSED_FENCE = re.compile(r"(?<!`)(`{3,})(python|py|text)[ \t]+(?=\S)(.*)$")
_HEADING = re.compile(r"(?:(?<=\s)|^)(?:#{2,6}(?:[ ]#{1,6})*|#(?:[ ]#{1,6})+)[ ](?=\S)|^#[ ](?=\S)")
_HEADING_TEXT = re.compile(
    r"(?:[A-Za-z_]\w*(?:\.\w+)+"
    r"|Differences?|差异对比|使用方式|Usage"
    r"|(?:Code[ ])?Examples?(?:[ ]?\d+)?|(?:代码)?示例[ ]?[\d一二三四五六七八九十]*)"
    r"(?=\s(?!with\b|between\b)|$)"
)
_BADGE = re.compile(r"\s(?=\[!\[)")
_SEPARATOR = re.compile(r"\|(?:[ \t]*:?-{2,}:?[ \t]*\|)+")
_PIPE = re.compile(r"(?<!\\)\|")
_BLANKS = re.compile(r"\s*")


def restore_page(text: str) -> list[Line]:
    """Return the page's lines, with flattened fences, headings and tables restored."""
    lines: list[Line] = []
    inside: list[Line] | None = None
    closing, language = "", ""
    for line in _split_lines(text):
        if inside is not None:
            if line.text.strip().startswith(closing) and not line.text.strip(" `~"):
                lines += _fence_content(inside, language)
                inside = None
                lines.append(line)
            else:
                inside.append(line)
            continue
        opening = _FENCE_LINE.match(line.text)
        if opening:
            closing, language, inside = opening[1], opening[2].lower(), []
            lines.append(line)
        else:
            lines += _restore_line(line)
    if inside is not None:
        lines += _fence_content(inside, language)
    return lines


def _split_lines(text: str) -> list[Line]:
    lines, start = [], 0
    for part in text.split("\n"):
        lines.append(Line(part, start))
        start += len(part) + 1
    return lines


def _fence_content(content: list[Line], language: str) -> list[Line]:
    """Restore the content of a fence if all of it stands on one line."""
    filled = [line for line in content if line.text.strip()]
    if language not in _PYTHON or len(filled) != 1:
        return content
    return restore_code(filled[0].text, filled[0].start)


def _restore_line(line: Line) -> list[Line]:
    if _INLINE_FENCE.search(line.text) is None and _UNCLOSED_FENCE.search(line.text) is None:
        return _restore_tables(line)
    lines: list[Line] = []
    position = 0
    while True:
        fence = _INLINE_FENCE.search(line.text, position) or _UNCLOSED_FENCE.search(
            line.text, position
        )
        end = fence.start() if fence else len(line.text)
        lines += _restore_prose(_part(line, position, end))
        if fence is None:
            return lines
        code = _part(line, fence.start(3), fence.end(3))
        content = _fence_content([code], fence[2].lower() or "python")
        closing_start = line.start + fence.end()
        opening = Line(fence[1] + fence[2], line.start + fence.start())
        blank = Line("", closing_start)
        lines += [blank, opening, *content, Line(fence[1], closing_start), blank]
        position = fence.end()


def _restore_prose(line: Line) -> list[Line]:
    """Give every heading of flattened text a line of its own."""
    marks = [match.start() for match in _HEADING.finditer(line.text)]
    cuts = [0, *[mark for mark in marks if mark], len(line.text)]
    lines: list[Line] = []
    for begin, end in itertools.pairwise(cuts):
        part = _part(line, begin, end)
        mark = _HEADING.match(part.text)
        if mark is None:
            lines += _restore_tables(part)
            continue
        stop = _heading_end(part.text, mark.end())
        blank = Line("", part.start)
        lines += [blank, _part(part, 0, stop), blank]
        lines += _restore_tables(_part(part, stop, len(part.text)))
    return lines


def _heading_end(text: str, start: int) -> int:
    known = _HEADING_TEXT.match(text, start)
    if known:
        return known.end()
    badge = _BADGE.search(text, start)
    return badge.start() if badge else len(text)


def _restore_tables(line: Line) -> list[Line]:
    """Give header, separator and rows lines of their own where a separator shares its line."""
    lines: list[Line] = []
    pipes = [match.start() for match in _PIPE.finditer(line.text)]
    start = 0
    while (separator := _shared_separator(line.text, start)) is not None:
        columns = separator.group().count("|") - 1
        first, here = (bisect.bisect_left(pipes, place) for place in (start, separator.start()))
        if here - first < columns:
            break
        head = pipes[here - columns - 1] if here - first > columns else start
        blank = Line("", line.start + start)
        prose = _part(line, start, head)
        lines += [prose, blank] if prose.text else [blank]
        lines += [_part(line, head, separator.start()), _part(line, *separator.span())]
        end = _add_rows(lines, line, pipes, columns, separator.end())
        start = _BLANKS.match(line.text, end).end()  # type: ignore[union-attr]
        if start == len(line.text):
            return lines
        lines.append(Line("", line.start + start))
    if start:
        return [*lines, _part(line, start, len(line.text))]
    return [line] if line.text.strip() or not line.start else [Line("", line.start)]


def _shared_separator(text: str, start: int) -> re.Match[str] | None:
    """The next separator of a table, unless all of the rest is one."""
    found = _SEPARATOR.search(text, start)
    if found is None or text[start : found.start()].strip():
        return found
    return found if text[found.end() :].strip() else None


def _add_rows(lines: list[Line], line: Line, pipes: list[int], columns: int, position: int) -> int:
    """Add the rows that follow a separator; return where the last one ends."""
    first = bisect.bisect_left(pipes, position)
    while first + columns < len(pipes) and not line.text[position : pipes[first]].strip():
        end = pipes[first + columns] + 1
        lines.append(_part(line, pipes[first], end))
        position, first = end, first + columns + 1
    return position


def _part(line: Line, begin: int, end: int) -> Line:
    """Return a piece of a line without the blanks around it."""
    piece = line.text[begin:end]
    indent = len(piece) - len(piece.lstrip())
    return Line(piece.strip(), line.start + begin + indent)
