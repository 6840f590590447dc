"""All sources of the site in one language: written guides, and pages from the tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from opsbridge.docgen.api_page import api_page
from opsbridge.docgen.figures.all import all_figures
from opsbridge.docgen.glossary import glossary_page
from opsbridge.docgen.markdown import fence, joined
from opsbridge.docgen.page_files import full_page, index_page
from opsbridge.docgen.pairs import Pair, all_pairs
from opsbridge.docgen.site.operator_pages import concept_page, figure_of, operator_page
from opsbridge.docgen.site.overview_pages import found_page, frameworks, matrix_page
from opsbridge.docgen.wording import Language, pick
from opsbridge.errors import PageError
from opsbridge.tables.diff import differences
from opsbridge.tables.difference import SEVERITY, Code
from opsbridge.tables.load import all_api_names, all_core_names, load_api, load_core, table_root
from opsbridge.tables.schema import Text

GUIDES = ("start", "install", "errors", "adding")
_SECTIONS = {
    "concepts": Text("Conventions", "约定"),
    "operators": Text("Operators", "算子"),
    "apis": Text("APIs", "接口"),
    "found": Text("Found wrong or silent", "文档有误或未说明之处"),
}
# The sidebar of every page would name all pairs if they were in a table of contents.
_ORPHAN = "---\norphan: true\n---\n\n"
# Files of the repository that are no pages of the site.
_RELATIVE_LINK = re.compile(r"\[([^\]]+)\]\((?!https?:)[^)]*\)")
_CODE = re.compile(f"`({'|'.join(SEVERITY)})`")
_MORE = Text("Reference", "参考")
_PICTURES = Text("Pictures", "图示")


def checkout() -> Path:
    """The checkout that holds the written guides: that of the tables, or the current folder.

    Raises:
        PageError: neither is one.
    """
    for root in (table_root().resolve().parent, Path.cwd()):
        if (root / "docs" / "site").is_dir():
            return root
    raise PageError("docs: the site is built in a checkout; there is no docs/site here")


def site_sources(language: Language) -> Iterator[tuple[str, str]]:
    """Path and text of every source of one language."""
    root = checkout()
    guides = root / "docs" / "site" / language
    for name in ("index", *GUIDES):
        text = (guides / f"{name}.md").read_text(encoding="utf-8")
        yield f"{name}.md", text + (_contents(language) if name == "index" else "")
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    yield "changelog.md", _RELATIVE_LINK.sub(r"\1", changelog)
    yield "matrix.md", matrix_page(language)
    yield "glossary.md", glossary_page(language)
    yield from _pages(language)
    pairs = list(all_pairs())
    yield "differences/index.md", index_page(pairs, language)
    for pair in pairs:
        yield f"differences/{pair.slug}.md", _ORPHAN + _with_figures(pair, language)
    for figure in all_figures().values():
        yield f"figures/{figure.name}.svg", figure.svg


def _pages(language: Language) -> Iterator[tuple[str, str]]:
    for section, title in _SECTIONS.items():
        pages = dict(_section(section, language))
        listed = _toctree("\n".join(pages))
        yield f"{section}/index.md", joined([f"# {pick(title, language)}", listed])
        for name, text in pages.items():
            yield f"{section}/{name}.md", text


def _section(section: str, language: Language) -> Iterator[tuple[str, str]]:
    if section == "apis":
        for name in all_api_names():
            api = load_api(name)
            yield name, api_page(api, load_core(api.core), language)
    elif section == "found":
        for framework in sorted(frameworks()):
            yield framework, found_page(framework, language)
    else:
        write = concept_page if section == "concepts" else operator_page
        for op in all_core_names():
            yield op, write(load_core(op), language)


def _with_figures(pair: Pair, language: Language) -> str:
    """The page of a pair, with a figure for each difference that has one."""
    found = differences(pair.left, pair.right, pair.core)
    axes = dict.fromkeys(name for item in found if item.code != "same" for name in item.names)
    figures = [figure_of(pair.core.op, axis, language) for axis in axes]
    shown = [figure for figure in figures if figure]
    title = f"## {pick(_PICTURES, language)}" if shown else ""
    return joined([_badged(full_page(pair, language)), title, *shown])


def _badged(page: str) -> str:
    """The codes of the summary as badges, in the colour of their weight."""
    before, heading, after = page.partition("\n## ")
    return (
        _CODE.sub(lambda code: f"{{bdg-{_colour(code[1])}}}`{code[1]}`", before) + heading + after
    )


def _colour(code: str) -> str:
    severity = SEVERITY[cast(Code, code)]
    return "danger" if severity >= 7 else "primary" if severity >= 4 else "secondary"


def _contents(language: Language) -> str:
    reference = "\n".join(
        ["matrix", "differences/index", *(f"{s}/index" for s in _SECTIONS), "glossary"]
    )
    more = _toctree(reference, f"caption: {pick(_MORE, language)}")
    return "\n" + joined([_toctree("\n".join([*GUIDES, "changelog"]), "hidden"), more]) + "\n"


def _toctree(entries: str, *options: str) -> str:
    lines = [f":{option}{'' if ':' in option else ':'}" for option in options]
    return fence("\n".join([*lines, ":maxdepth: 1", "", entries]), "{toctree}")
