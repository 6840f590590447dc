"""The few forms of Markdown that generated pages are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; bars within cells are escaped."""
    lines = [header, ("---",) * len(header), *rows]
    return "\n".join(f"| {' | '.join(map(_escape, line))} |" for line in lines)


def fence(code: str, language: str = "python") -> str:
    """A fenced block of code."""
    return f"```{language}\n{code.strip()}\n```"


def tab_set(tabs: Mapping[str, str]) -> str:
    """Tabs of the site by their titles; tabs of one title open together on the whole page."""
    items = [
        f":::{{tab-item}} {title}\n:sync: {title}\n\n{body}\n:::" for title, body in tabs.items()
    ]
    return joined(["::::{tab-set}", *items, "::::"])


def code(value: object) -> str:
    """A name or a value as code within a sentence."""
    return f"`{value}`"


def joined(parts: Iterable[str]) -> str:
    """The blocks of a page, those without text left out."""
    return "\n\n".join(part for part in parts if part)


def _escape(text: str) -> str:
    return text.replace("|", "\\|")
