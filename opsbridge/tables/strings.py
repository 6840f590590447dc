"""What no string of a table may hold: it becomes part of pages, of reports on a terminal, of code.

Prose may have code in backticks. Everything with which a page could be made to show, to include or
to link to what its own text does not say is refused where the table is read, in every string.
"""

from __future__ import annotations

import re

from opsbridge.visible import visible

_MARKUP = re.compile(
    r"<[A-Za-z/!?]"  # HTML
    r"|\]\s?[(\[]"  # links and images
    r"|}`"  # roles of the site's Markdown
    r"|```|~~~|:::"  # fences and directives
)
_ADDRESS = re.compile(r"https?://[\w./#?=&%~:+@-]*")
_ADDRESSES = re.compile(r"(?:.*\.)?(?:link|documentation\.(?:en|zh))")


def string_problem(path: str, text: str) -> str:
    """What is wrong with the string at a key path; nothing where it is plain."""
    is_code = path == "example"
    if visible(text) != text or (not is_code and not text.isprintable()):
        return "has a hidden character or several lines"
    if match := (re.search("```|~~~", text) if is_code else _MARKUP.search(text)):
        return f"has the markup {match.group()!r}; expected plain text"
    if _ADDRESSES.fullmatch(path) and text and not _ADDRESS.fullmatch(text):
        return "is no address; expected https://..."
    return ""
