"""Reads a difference page: bytes to text, text to a Page with its examples taken apart."""

from __future__ import annotations

import codecs
import dataclasses
import importlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opsbridge.errors import PageError
from opsbridge.pages.halves import take_apart
from opsbridge.pages.model import Api, Fence, Page, Table
from opsbridge.pages.unflatten import restore_page

if TYPE_CHECKING:
    from markdown_it.token import Token

_MAX_BYTES = 8 << 20
_API_NAME = re.compile(r"[A-Za-z_]\w*(?:\.\w+)+")
_SIGNATURE = re.compile(
    r"\s*(?:class\s+)*[A-Za-z_]\w*(?:\.\w+)+\s*"
    r"(?:\([^()]*(?:\([^()]*\)[^()]*)*\)\s*){1,2}(?:->[^\n]*)?\s*"
)
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_SHOWN_OUTPUT = re.compile(r"\s*#*\s*(?:out|output|输出)\s*[:：]", re.IGNORECASE)
_CODE_LANGUAGES = frozenset({"python", "py", "python3", ""})


def read_page(path: Path) -> Page:
    """Read the difference page in a file.

    Raises:
        OSError: the file cannot be read.
        PageError: it is binary, not UTF-8, or too large; the message names the file and the byte.
    """
    with path.open("rb") as file:
        return parse_page(decode(file.read(_MAX_BYTES + 1), str(path)), str(path))


def decode(data: bytes, path: str) -> str:
    """Return the text of a page; `\\n` ends its lines.

    Raises:
        PageError: the bytes are no UTF-8 text, or too many.
    """
    if len(data) > _MAX_BYTES:
        limit = f"pages may have at most {_MAX_BYTES} bytes"
        raise PageError(f"{path}: the page is too large; {limit}")
    zero = data.find(b"\0")
    if zero >= 0:
        raise PageError(f"{path}: byte {zero} is 0x00; a page must be UTF-8 text, not binary")
    try:
        text = data.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        offset = len(data) - len(data.removeprefix(codecs.BOM_UTF8))
        place = error.start + offset
        raise PageError(
            f"{path}: byte {place} is 0x{data[place]:02x}; a page must be UTF-8 text"
        ) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def parse_page(text: str, path: str = "<page>") -> Page:
    """Take the text of a page apart: title, APIs, tables, examples with their statements."""
    lines = restore_page(text)
    tokens = _markdown("\n".join(line.text for line in lines))
    page = Page(path, text, lines, "zh" if _is_chinese(tokens) else "en", _title(tokens))
    heading = ""
    fences: list[Fence] = []
    is_api = False
    for number, token in enumerate(tokens):
        if token.type == "heading_open":
            heading = tokens[number + 1].content.strip("# ").strip()
            is_api = _API_NAME.fullmatch(heading) is not None
            if is_api:
                page.apis.append(Api(heading, "", _first_line(token)))
        elif token.type == "fence":
            if is_api and not page.apis[-1].signature:
                page.apis[-1] = dataclasses.replace(page.apis[-1], signature=token.content.strip())
            elif is_api and _SIGNATURE.fullmatch(token.content):
                continue  # of another form of the same API
            elif _language(token) in _CODE_LANGUAGES:
                fences.append(_fence(token, heading))
            elif fences and _SHOWN_OUTPUT.match(token.content):
                fences[-1] = dataclasses.replace(fences[-1], output=_numbered(token))
        elif token.type == "table_open":
            page.tables.append(_table(tokens, number))
    page.examples, page.statements = take_apart(lines, fences)
    return page


def _markdown(text: str) -> list[Token]:
    try:
        parser: Any = importlib.import_module("markdown_it").MarkdownIt("commonmark")
    except ModuleNotFoundError as error:
        raise PageError(
            f"doctest: needs the packages of opsbridge[docs]: markdown-it-py and"
            f" pytest-doctestplus; {error.name} is not installed"
        ) from None
    tokens: list[Token] = parser.enable("table").parse(text)
    return tokens


def _title(tokens: list[Token]) -> str:
    for number, token in enumerate(tokens):
        if token.type == "heading_open" and token.tag == "h1":
            return tokens[number + 1].content.strip("# ").strip()
    return ""


def _is_chinese(tokens: list[Token]) -> bool:
    headings = [
        tokens[number + 1].content
        for number, token in enumerate(tokens)
        if token.type == "heading_open"
    ]
    return any(_CHINESE.search(heading) for heading in headings)


def _first_line(token: Token) -> int:
    return token.map[0] + 1 if token.map else 1


def _fence(token: Token, heading: str) -> Fence:
    first = _first_line(token) + 1
    length = token.content.removesuffix("\n").count("\n") + 1 if token.content else 0
    return Fence(_language(token), heading, first, first + length - 1)


def _language(token: Token) -> str:
    return token.info.split(" ")[0].strip().lower()


def _numbered(token: Token) -> tuple[tuple[int, str], ...]:
    return tuple(enumerate(token.content.rstrip("\n").split("\n"), start=_first_line(token) + 1))


def _table(tokens: list[Token], start: int) -> Table:
    rows: list[tuple[str, ...]] = []
    cells: list[str] = []
    for number in range(start, len(tokens)):
        token = tokens[number]
        if token.type == "tr_open":
            cells = []
        elif token.type in ("th_open", "td_open"):
            cells.append(tokens[number + 1].content.strip())
        elif token.type == "tr_close":
            rows.append(tuple(cells))
        elif token.type == "table_close":
            break
    return Table(rows[0], tuple(rows[1:]), _first_line(tokens[start]))
