"""Whether a built site is still what the tables, recordings, docstrings and guides give now.

The build keeps a digest of every source beside the pages; a changed fact changes some of them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from opsbridge.docgen.site.sources import site_sources
from opsbridge.docgen.wording import Language
from opsbridge.errors import PageError

_FILE = "sources.json"


def source_digests(sources: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The digest of every source by its path."""
    return {name: hashlib.sha256(text.encode()).hexdigest() for name, text in sources}


def keep_digests(digests: dict[str, str], out: Path) -> None:
    """Write the digests of the sources that a language was built from beside its pages."""
    (out / _FILE).write_text(json.dumps(digests, indent=1) + "\n", encoding="utf-8")


def stale_pages(language: Language, out: Path) -> list[str]:
    """Sources that have changed, come or gone since the language was built into ``out``.

    Raises:
        PageError: nothing was built there.
    """
    try:
        kept = json.loads((out / _FILE).read_text(encoding="utf-8"))
    except OSError as error:
        raise PageError(f"docs: {out} holds no built site: {error.strerror}") from error
    now = source_digests(site_sources(language))
    return sorted(name for name in kept.keys() | now.keys() if kept.get(name) != now.get(name))
