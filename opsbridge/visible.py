"""How text from elsewhere is shown: pages, their outputs, tables, models, names of files."""

from __future__ import annotations

import re

# Control characters can move the cursor of a terminal, and neither XML nor HTML can hold them;
# surrogates stand alone where an output was no text; the others turn the order of what follows.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


def visible(text: str) -> str:
    """Return a text whose hidden characters are spelt out, as in `\\x1b`; lines and tabs stay."""
    return _HIDDEN.sub(lambda match: _escaped(match.group()), text)


def _escaped(char: str) -> str:
    return f"\\x{ord(char):02x}" if ord(char) < 0x100 else f"\\u{ord(char):04x}"
