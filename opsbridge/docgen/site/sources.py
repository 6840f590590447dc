"""All sources of the site in one language: written guides, and pages from the tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import cast

from opsbridge.docgen.api_page import api_page
from opsbridge.docgen.figures.all import all_figures
from opsbridge.docgen.glossary import glossary_page
from opsbridge.docgen.markdown import fence, joined
from opsbridge.docgen.page_files import full_page, index_page
from opsbridge.docgen.pairs import Pair, all_pairs
from opsbridge.docgen.site.guides import changelog, first_pages, guide_names, guides
from opsbridge.docgen.site.json_page import json_page
from opsbridge.docgen.site.operator_pages import concept_page, figure_of, operator_page
from opsbridge.docgen.site.overview_pages import found_page, frameworks, matrix_page
from opsbridge.docgen.site.proofs import proof_pages
from opsbridge.docgen.site.reference_pages import reference_pages
from opsbridge.docgen.site.trust_page import trust_page
from opsbridge.docgen.wording import Language, pick
from opsbridge.tables.diff import differences
from opsbridge.tables.difference import SEVERITY, Code
from opsbridge.tables.load import all_api_names, all_core_names, load_api, load_core
from opsbridge.tables.schema import CoreTable, Text

_SECTIONS = {
    "concepts": Text("Conventions", "约定"),
    "operators": Text("Operators", "算子"),
    "apis": Text("APIs", "接口"),
    "found": Text("Found wrong or silent", "文档有误或未说明之处"),
    "proofs": Text("Tests of what was found", "所列问题的测试"),
    "reference": Text("API reference", "接口参考"),
}
# The sidebar of every page would name all pairs if they were in a table of contents.
_ORPHAN = "---\norphan: true\n---\n\n"
_CODE = re.compile(f"`({'|'.join(SEVERITY)})`")
_GUIDES = Text("Guides", "指南")
_MORE = Text("Reference", "参考")
_PICTURES = Text("Pictures", "图示")


def site_sources(language: Language) -> Iterator[tuple[str, str]]:
    """Path and text of every source of one language."""
    for page in (*first_pages(language), *guides(language)):
        yield f"{page.name}.md", page.text + (_contents(language) if page.name == "index" else "")
    yield "changelog.md", changelog(language)
    yield "json.md", json_page(language)
    yield "matrix.md", matrix_page(language)
    yield "trust.md", trust_page(language)
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
    elif section == "reference":
        yield from reference_pages(language)
    elif section == "proofs":
        yield from proof_pages(language)
    elif section == "found":
        for framework in sorted(frameworks()):
            yield framework, found_page(framework, language)
    else:
        write = concept_page if section == "concepts" else operator_page
        for op in all_core_names():
            core = load_core(op)
            yield op, _found_in_chinese(core) * (language == "en") + write(core, language)


def _found_in_chinese(core: CoreTable) -> str:
    """What makes the Chinese name, or a word of two characters in it, find an English page."""
    name = re.split("[：，。]", core.text.zh)[0]
    words = [name, *map("".join, pairwise(name))]
    return f"---\nmyst:\n  html_meta:\n    keywords: {', '.join(words)}\n---\n\n"


def _with_figures(pair: Pair, language: Language) -> str:
    """The page of a pair, with a figure for each difference that has one."""
    found = differences(pair.left, pair.right, pair.core)
    axes = dict.fromkeys(name for item in found if item.code != "same" for name in item.names)
    figures = [figure_of(pair.core.op, axis, language) for axis in axes]
    shown = [figure for figure in figures if figure]
    title = f"## {pick(_PICTURES, language)}" if shown else ""
    return joined([_badged(full_page(pair, language, tabs=True), pair.core), title, *shown])


def _badged(page: str, core: CoreTable) -> str:
    """The codes of the summary as badges in the colour of their weight; its axes link to theirs."""
    before, heading, after = page.partition("\n## ")
    badged = _CODE.sub(lambda code: f"{{bdg-{_colour(code[1])}}}`{code[1]}`", before)
    names = "|".join(axis.name for axis in core.axes)
    place = rf"[`\1`](../concepts/{core.op}.md#\1)"
    linked = re.sub(rf"(?<!\}})`({names})`", place, badged) if names else badged
    return linked + heading + after


def _colour(code: str) -> str:
    severity = SEVERITY[cast(Code, code)]
    return "danger" if severity >= 7 else "primary" if severity >= 4 else "secondary"


def _contents(language: Language) -> str:
    first = [page.name for page in first_pages(language) if page.name != "index"]
    sections = ["differences/index", *(f"{section}/index" for section in _SECTIONS)]
    parts = [
        _toctree("\n".join(first), "hidden"),
        _toctree("\n".join(guide_names()), f"caption: {pick(_GUIDES, language)}"),
        _toctree(
            "\n".join(["matrix", "trust", *sections, "json", "glossary", "changelog"]),
            f"caption: {pick(_MORE, language)}",
        ),
    ]
    return "\n" + joined(parts) + "\n"


def _toctree(entries: str, *options: str) -> str:
    lines = [f":{option}{'' if ':' in option else ':'}" for option in options]
    return fence("\n".join([*lines, ":maxdepth: 1", "", entries]), "{toctree}")
