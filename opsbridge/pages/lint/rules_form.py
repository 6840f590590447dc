"""Rules about the form of a page: lines, fences, tables, headings."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from opsbridge.pages.lint.finding import PageFinding, plain
from opsbridge.pages.lint.rows import sides_of
from opsbridge.pages.load import unclosed_fence
from opsbridge.pages.model import Line, Page
from opsbridge.tables.schema import Text

_SEPARATOR = re.compile(r"\|(?:[ \t]*:?-{2,}:?[ \t]*\|)+")
# A fence or a heading that begins within a line.
_FLAT = re.compile(r"\S.*?\s(?:`{3,}|#{2,6}\s)")
_HEADING = re.compile(r"(#{1,6})(\s+)(.*)")
_HEADINGS = (
    *("Differences", "Usage", "Code Example", "Code Examples", "Example"),
    *("差异对比", "使用方式", "代码示例", "示例"),
)


def fences_are_closed(page: Page) -> Iterator[PageFinding]:
    """Every code fence is closed."""
    number = unclosed_fence(page.lines)
    if number:
        message = Text("this code fence is never closed", "此代码块没有结束标记")
        yield PageFinding("unclosed-fence", number, message, plain("```"))


def lines_are_whole(page: Page) -> Iterator[PageFinding]:
    """A line holds one heading, one row of a table or one line of code."""
    number = _flattened(page)
    if number:
        message = Text(
            "the line holds several lines of the page: its line ends are lost",
            "此行包含页面的多行内容：换行已丢失",
        )
        yield PageFinding("flattened", number, message)


def tables_are_tables(page: Page) -> Iterator[PageFinding]:
    """The header of a table and its separator have a line of their own."""
    for number, line in enumerate(page.lines, start=1):
        text = line.text.strip()
        raw = raw_line(page, line).strip()
        if not _SEPARATOR.fullmatch(text) or raw == text or _FLAT.search(raw):
            continue
        header = page.lines[number - 2].text.strip()
        yield PageFinding(
            "broken-table",
            number - 1,
            Text(
                "the separator stands on the line of the table's header, so this is no table",
                "表头与分隔行写在同一行，因此不会显示为表格",
            ),
            plain(f"{header}\n{text}"),
        )


def _flattened(page: Page) -> int:
    """Return the number of the first line that came together with a heading or a fence, or 0."""
    for number, line in enumerate(page.lines, start=1):
        raw = raw_line(page, line).strip()
        if raw != line.text.strip() and _FLAT.search(raw):
            return number
    return 0


def separators_fit_headers(page: Page) -> Iterator[PageFinding]:
    """A separator has as many cells as the header above it."""
    for number, line in enumerate(page.lines[1:], start=2):
        above = page.lines[number - 2].text.strip()
        if _SEPARATOR.fullmatch(line.text.strip()) and above.startswith("|"):
            cells, wanted = _cells(line.text), _cells(above)
            if cells != wanted:
                yield PageFinding(
                    "broken-table",
                    number,
                    Text(
                        f"the separator has {cells} cells, the header {wanted}: this is no table",
                        f"分隔行有 {cells} 个单元格，表头有 {wanted} 个，因此不会显示为表格",
                    ),
                    plain(f"|{' --- |' * wanted}"),
                )


def rows_fit_headers(page: Page) -> Iterator[PageFinding]:
    """Every row of a table has as many cells as its header."""
    for table in page.tables:
        wanted = len(table.header)
        for number in range(len(table.rows)):
            line = table.line + 2 + number
            cells = _cells(page.lines[line - 1].text)
            if cells == wanted:
                continue
            yield PageFinding(
                "broken-row",
                line,
                Text(
                    f"the row has {cells} cells, the header {wanted}",
                    f"此行有 {cells} 个单元格，表头有 {wanted} 个",
                ),
                Text("write a `|` inside a cell as `\\|`", "单元格内的 `|` 应写作 `\\|`")
                if cells > wanted
                else None,
            )


def headings_are_headings(page: Page) -> Iterator[PageFinding]:
    """A heading has one mark, and the headings that every page has are spelt alike."""
    for number, line in prose_lines(page):
        match = _HEADING.fullmatch(line.text.strip())
        if match is None:
            continue
        text = match[3].strip()
        if text.startswith("#"):
            message = Text("the heading's mark is doubled", "标题的标记重复")
            fixed = text.lstrip("# ")
            yield PageFinding("heading-mark", number, message, plain(f"{match[1]} {fixed}"))
        elif len(match[1]) > 1:
            close = _misspelt(text)
            if close:
                message = Text(f"the heading `{text}` is misspelt", f"标题“{text}”有误")
                yield PageFinding("heading-mark", number, message, plain(f"{match[1]} {close}"))


def _misspelt(text: str) -> str:
    base = re.sub(r"[\s\d:：]+$", "", text)
    if any(base.lower() == known.lower() for known in (*_HEADINGS, "Difference")):
        return ""
    close = difflib.get_close_matches(base, _HEADINGS, n=1, cutoff=0.85)
    return close[0] + text[len(base) :] if close else ""


def headings_name_what_is_printed(page: Page) -> Iterator[PageFinding]:
    """The signature below an API's heading is that of the API."""
    for side in sides_of(page):
        for api in side.apis:
            names = [signature.name for signature in side.signatures]
            close = difflib.get_close_matches(api.name, names, n=1, cutoff=0.8)
            if names and api.name not in names and close and close[0] in api.signature:
                message = Text(
                    f"the heading says {api.name}, the signature below {close[0]}",
                    f"标题为 {api.name}，下面的签名为 {close[0]}",
                )
                yield PageFinding("heading-name", api.line, message, plain(f"## {close[0]}"))


def _cells(text: str) -> int:
    inner = text.strip()
    pipes = len(re.findall(r"(?<!\\)\|", inner))
    return pipes + 1 - inner.startswith("|") - bool(re.search(r"(?<!\\)\|$", inner))


def raw_line(page: Page, line: Line) -> str:
    """Return the line of the page as it came in which a restored line stands."""
    begin = page.text.rfind("\n", 0, line.start) + 1
    end = page.text.find("\n", line.start)
    return page.text[begin:] if end < 0 else page.text[begin:end]


def prose_lines(page: Page) -> Iterator[tuple[int, Line]]:
    """Yield the lines outside code fences, with their numbers."""
    fence = ""
    for number, line in enumerate(page.lines, start=1):
        mark = re.match(r"\s{0,3}(`{3,}|~{3,})", line.text)
        if mark and not fence:
            fence = mark[1]
        elif mark and mark[1].startswith(fence):
            fence = ""
        elif not fence:
            yield number, line
