"""What the theme leaves out for people without a mouse or a screen, put into the built pages."""

from __future__ import annotations

import re
from pathlib import Path

# A heading without a level is none; what scrolls must be reachable by the keyboard.
_MISSING = (
    (
        re.compile(r'<aside class="(sidebar|toc)-drawer(?=[ "])'),
        r'<aside aria-label="\1" class="\1-drawer',
    ),
    (re.compile(r'role="heading"(?! aria-level)'), 'role="heading" aria-level="2"'),
    (re.compile(r"<pre(?=[ >])(?! tabindex)"), '<pre tabindex="0"'),
    (re.compile(r'<div class="table-wrapper(?=[ "])'), '<div tabindex="0" class="table-wrapper'),
)


def make_accessible(out: Path) -> None:
    """Complete every page of a built site."""
    for path in out.rglob("*.html"):
        page = path.read_text(encoding="utf-8")
        for missing, completed in _MISSING:
            page = missing.sub(completed, page)
        path.write_text(page, encoding="utf-8")
