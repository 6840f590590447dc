"""All difference pages and their index as files, as Markdown in both languages or as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from opsbridge.docgen.difference_page import difference_page, title
from opsbridge.docgen.example_section import example_section
from opsbridge.docgen.markdown import joined
from opsbridge.docgen.page_json import SCHEMA, page_data
from opsbridge.docgen.pairs import Pair, all_pairs
from opsbridge.docgen.wording import Language, pick
from opsbridge.tables.diff import differences
from opsbridge.tables.difference import headline
from opsbridge.tables.schema import Text

_INDEX = Text("Difference pages", "差异页面")
_LINE = Text("- [{title}]({file}): `{code}`", "- [{title}]({file})：`{code}`")


def full_page(pair: Pair, language: Language, tabs: bool = False) -> str:
    """The difference page of a pair with its code examples, on the site in tabs."""
    examples = example_section(pair.left, pair.right, pair.core, language, tabs)
    return difference_page(pair.left, pair.right, pair.core, language, examples)


def markdown_files(language: Language) -> Iterator[tuple[str, str]]:
    """Name and text of every page, the index first."""
    pairs = list(all_pairs())
    yield "index.md", index_page(pairs, language) + "\n"
    for pair in pairs:
        yield f"{pair.slug}.md", full_page(pair, language) + "\n"


def index_page(pairs: list[Pair], language: Language) -> str:
    """Links to all pages with their worst codes, by operator."""
    parts = [f"# {pick(_INDEX, language)}"]
    for op in dict.fromkeys(pair.core.op for pair in pairs):
        lines = [_index_line(pair, language) for pair in pairs if pair.core.op == op]
        parts += [f"## {op}", "\n".join(lines)]
    return joined(parts)


def _index_line(pair: Pair, language: Language) -> str:
    return pick(_LINE, language).format(
        title=title(pair.left, pair.right, language), file=f"{pair.slug}.md", code=_worst(pair)
    )


def json_files() -> Iterator[tuple[str, str]]:
    """Name and text of the schema, of the index and of every page."""
    pairs = list(all_pairs())
    index = [
        {
            "operator": pair.core.op,
            "left": pair.left.name,
            "right": pair.right.name,
            "headline": _worst(pair),
            "file": f"{pair.slug}.json",
        }
        for pair in pairs
    ]
    yield "schema.json", _text(SCHEMA)
    yield "index.json", _text(index)
    for pair in pairs:
        yield f"{pair.slug}.json", _text(page_data(pair))


def write_files(files: Iterator[tuple[str, str]], folder: Path) -> int:
    """Write files into a folder, made if it is not there; how many there are."""
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for name, text in files:
        (folder / name).write_text(text, encoding="utf-8")
        count += 1
    return count


def _worst(pair: Pair) -> str:
    return headline(differences(pair.left, pair.right, pair.core)).code


def _text(data: Any) -> str:
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"
