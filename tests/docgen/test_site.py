"""The sources of the site are whole in both languages, and the built site finds and links."""

from __future__ import annotations

import html.parser
import json
import os
import posixpath
import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

pytest.importorskip("matplotlib", reason="the site needs opsbridge[site]")

from opsbridge import errors
from opsbridge.docgen.pairs import all_pairs
from opsbridge.docgen.site.build import search_scorer
from opsbridge.docgen.site.freshness import stale_pages
from opsbridge.docgen.site.sources import site_sources
from opsbridge.docgen.wording import Language
from opsbridge.tables.load import all_api_names, all_core_names, load_api, load_core

SITE = os.environ.get("OPSBRIDGE_SITE", "")
built = pytest.mark.skipif(not SITE, reason="OPSBRIDGE_SITE names no built site (tox -e docs)")
LANGUAGES: tuple[Language, ...] = ("en", "zh")


@pytest.fixture(scope="module", params=LANGUAGES)
def sources(request: pytest.FixtureRequest) -> dict[str, str]:
    return dict(site_sources(request.param))


def test_every_operator_api_and_pair_has_a_page(sources: dict[str, str]) -> None:
    for op in all_core_names():
        assert f"operators/{op}.md" in sources
        assert f"concepts/{op}.md" in sources
    assert all(f"apis/{name}.md" in sources for name in all_api_names())
    assert all(f"differences/{pair.slug}.md" in sources for pair in all_pairs())


def test_every_convention_has_a_section(sources: dict[str, str]) -> None:
    for op in all_core_names():
        page = sources[f"concepts/{op}.md"]
        assert re.findall(r"^## (.*)$", page, re.MULTILINE) == [a.name for a in load_core(op).axes]


def test_links_between_sources_lead_somewhere(sources: dict[str, str]) -> None:
    for name, text in sources.items():
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
            assert posixpath.normpath(posixpath.join(posixpath.dirname(name), target)) in sources


def test_a_geometric_difference_has_its_figure(sources: dict[str, str]) -> None:
    page = sources["differences/torchvision.ops.roi_align-to-mindspore.ops.ROIAlign.md"]
    for axis in ("end_offset", "min_size", "grid"):
        assert f"(../figures/roi_align-{axis}.svg)" in page
    page = sources["differences/torchvision.ops.nms-to-mindspore.ops.NMSWithMask.md"]
    assert "(../figures/nms-order.svg)" in page


def test_the_codes_of_a_difference_page_are_badges(sources: dict[str, str]) -> None:
    page = sources["differences/torchvision.ops.nms-to-mindspore.ops.NMSWithMask.md"]
    assert page.count("{bdg-danger}`behaviour-differs`") == 2  # the headline and its line
    assert page.count("{bdg-primary}`limit`") == 1
    assert page.count("{bdg-secondary}`moved`") == 1


def test_the_page_about_errors_lists_every_exception(sources: dict[str, str]) -> None:
    family = [each for each in vars(errors).values() if isinstance(each, type)]
    listed = re.findall(r"^\| `(\w+)`.*`(\w+)`", sources["errors.md"], re.MULTILINE)
    assert sorted(listed) == sorted(
        (each.__name__, each.__bases__[1].__name__) for each in family if len(each.__bases__) == 2
    )


class Links(html.parser.HTMLParser):
    """What a page links and loads, and what can be linked in it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.anchors: set[str] = set()
        self.images_without_text: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.anchors |= {value for name in ("id", "name") if (value := given.get(name))}
        name = {"a": "href", "link": "href", "img": "src", "script": "src"}.get(tag, "")
        if target := given.get(name):
            self.targets.append(target)
        if tag == "img" and not given.get("alt"):
            self.images_without_text.append(str(given.get("src")))


@cache
def links_of(path: Path) -> Links:
    """Each of the many pages is parsed once."""
    return Links(path)


@built
def test_no_link_of_the_site_is_broken_and_nothing_is_loaded_from_elsewhere() -> None:
    pages = {path: links_of(path) for path in Path(SITE).resolve().rglob("*.html")}
    assert len(pages) > 2 * len(list(all_pairs()))
    for path, page in pages.items():
        assert not page.images_without_text, path
        for target in page.targets:
            parts = urlsplit(target)
            if not parts.scheme and not parts.netloc:
                file = (path.parent / unquote(parts.path)).resolve() if parts.path else path
                assert file.is_file(), (path, target)
                if parts.fragment and file in pages:
                    assert unquote(parts.fragment) in pages[file].anchors, (path, target)
    loaded = re.compile(
        r"<(?:script|img|link rel=\"stylesheet\")[^>]*(?:src|href)=\"(?:https?:)?//"
    )
    assert not [path for path in pages if loaded.search(path.read_text(encoding="utf-8"))]


@built
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_links_its_twin(language: str) -> None:
    folder, other = Path(SITE) / language, "zh" if language == "en" else "en"
    for path in folder.rglob("*.html"):
        if "_static" not in path.parts:
            depth = len(path.relative_to(folder).parts)
            target = f"{'../' * depth}{other}/{path.relative_to(folder).as_posix()}"
            assert target in links_of(path.resolve()).targets, path


@built
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_built_site_is_what_its_sources_give_now(language: Language) -> None:
    assert stale_pages(language, Path(SITE) / language) == []


@built
def test_pages_can_be_read_without_a_mouse_or_a_screen() -> None:
    """Axe in a browser asks for more; these are the faults of the theme that it found."""
    for path in Path(SITE).rglob("*.html"):
        page = path.read_text(encoding="utf-8")
        assert re.search(r'<html[^>]* lang="', page), path
        assert not re.search(r"<pre(?! tabindex)[ >]", page), path
        assert not re.search(r'<div class="table-wrapper', page), path
        assert not re.search(r'role="heading"(?! aria-level)', page), path
        ids = re.findall(r' id="([^"]+)"', page)
        assert len(ids) == len(set(ids)), path


def test_whatever_was_found_links_the_test_that_proves_it(sources: dict[str, str]) -> None:
    found = [load_api(name) for name in all_api_names()]
    for api in found:
        page = sources[f"found/{api.framework}.md"]
        for deviation in api.deviations:
            link = rf"\[`{deviation.id}`\]\(\.\./(proofs/\w+\.md)#(test_\w+)\)"
            rows = re.findall(link, page)
            assert rows, (api.name, deviation.id)
            for proof, test in rows:
                assert f"\n## {test}\n" in sources[proof]
                assert f"def {test}(" in sources[proof]


def test_the_start_page_answers_what_newcomers_ask(sources: dict[str, str]) -> None:
    """Each question links to the very section, so that the answer is one click away."""
    start = sources["index.md"]
    sections = [
        "ROIAlign.md#",
        "nms.md#order",
        "roi_align.md#half_pixel",
        "roi_align.md#end_offset",
    ]
    for section in (*sections, "roi_align.md#grid", "NMSWithMask.md#"):
        assert section in start


def test_a_search_lists_operators_of_more_apis_first_and_pages_of_pairs_last() -> None:
    text = search_scorer().partition("const _WEIGHTS = ")[2].partition(";")[0]
    weights = json.loads(text)
    for section in ("concepts", "operators"):
        found = [weights[f"{section}/{op}"] for op in ("roi_align", "crop_and_resize")]
        assert found[0] > found[1] > 0 > weights["differences"]
    assert len(weights) == 2 + 2 * len(all_core_names())


def search_index(language: str) -> dict[str, object]:
    """The index that the search of the built site reads."""
    text = (Path(SITE) / language / "searchindex.js").read_text(encoding="utf-8")
    data: dict[str, object] = json.loads(text.removeprefix("Search.setIndex(").removesuffix(")"))
    return data


@built
@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["roi_align", "roi_end_mod", "对齐", "nm"]),
        ("zh", ["roi_align", "roi_end_mod", "对齐", "nms"]),
    ],
)
def test_the_search_finds_names_and_words(language: str, words: list[str]) -> None:
    """Words as the stemmer of the language leaves them: the search stems what is typed, too."""
    index = search_index(language)
    terms = index["terms"]
    assert isinstance(terms, dict)
    for word in words:
        assert word in terms
