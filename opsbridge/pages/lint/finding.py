"""What the linter says about a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from opsbridge.tables.schema import Text

Rule = Literal[
    "unreadable",
    "unclosed-fence",
    "flattened",
    "broken-table",
    "broken-row",
    "heading-mark",
    "heading-name",
    "unknown-name",
    "unknown-parameter",
    "missing-row",
    "mispaired",
    "renamed-unsaid",
    "default-unsaid",
    "shape",
]


@dataclass(frozen=True)
class PageFinding:
    """One thing wrong with a page: where, by which rule, in words, and what could stand there."""

    rule: Rule
    line: int
    """Of the restored page."""
    message: Text
    suggestion: Text | None = None


def plain(text: str) -> Text:
    """A text that is the same in both languages."""
    return Text(text, text)
