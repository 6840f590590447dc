"""The rule about API names: they exist in the installed frameworks, or in the mapping tables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from opsbridge.pages.lint.finding import PageFinding, plain
from opsbridge.pages.lint.resolve import FRAMEWORKS, Answer
from opsbridge.pages.model import Page
from opsbridge.tables.schema import Text

_DOTTED = re.compile(rf"\b(?:{'|'.join(FRAMEWORKS)})(?:\.[A-Za-z_]\w*)+")


def names_of(page: Page) -> Iterator[tuple[str, int]]:
    """Yield the API names of a page with their lines: headings and tables of two columns."""
    seen: set[str] = set()
    found = [(api.name, api.line) for api in page.apis if _DOTTED.fullmatch(api.name)]
    for table in page.tables:
        for number, row in enumerate(table.rows if len(table.header) == 2 else ()):
            found += [(name, table.line + 2 + number) for cell in row for name in _names(cell)]
    for name, line in found:
        if name not in seen:
            seen.add(name)
            yield name, line


def names_exist(page: Page, answers: Mapping[str, Answer]) -> Iterator[PageFinding]:
    """Every API name of a page exists, as far as that is known."""
    for name, line in names_of(page):
        answer = answers.get(name)
        if answer is None or answer.exists is not False:
            continue
        yield PageFinding(
            "unknown-name",
            line,
            Text(
                f"{name} does not exist in {answer.installed}",
                f"{answer.installed} 中没有 {name}",
            ),
            plain(" or ".join(answer.close)) if answer.close else None,
        )


def _names(cell: str) -> list[str]:
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", cell)
    return _DOTTED.findall(text)
