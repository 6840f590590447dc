"""The built site in a browser, as `tox run -e audit` opens it: every page kind, width and colour.

It needs playwright, the axe of axe-playwright-python and a Chromium of the system.
"""

from __future__ import annotations

import importlib.resources
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

SITE = Path(os.environ.get("OPSBRIDGE_SITE", "")).resolve()
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or ""
if not os.environ.get("OPSBRIDGE_SITE") or not BROWSER:
    pytest.skip("needs a built site in OPSBRIDGE_SITE and chromium", allow_module_level=True)
playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright (tox -e audit)")
pytest.importorskip("axe_playwright_python", reason="needs axe-playwright-python (tox -e audit)")

AXE = importlib.resources.files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LANGUAGES = ["en", "zh"]
WIDTHS = {"phone": 375, "desktop": 1280}
PAGES = [
    *("index", "start", "install", "porting-guide", "errors", "adding", "changelog", "matrix"),
    *("glossary", "json", "trust", "differences/index", "reference/index"),
    *("concepts/nms", "concepts/roi_align", "concepts/box_iou", "operators/roi_align"),
    *("apis/mindspore.ops.ROIAlign", "found/torchvision", "found/detectron2"),
    "differences/torchvision.ops.nms-to-mindspore.ops.NMSWithMask",
    "differences/torchvision.ops.roi_align-to-mindspore.ops.ROIAlign",
    "differences/mindspore.ops.ROIAlign-to-torchvision.ops.roi_align",
    "differences/detectron2.structures.pairwise_iou-to-torchvision.ops.box_iou",
    "differences/onnx.MaxRoiPool-to-paddle.vision.ops.roi_pool",
]
# What a search has to list among its first results.
FOUND = {
    "roi_align": ("concepts/roi_align", "operators/roi_align"),
    "对齐": ("concepts/roi_align", "operators/roi_align"),
    "roi_end_mode": ("apis/mindspore.ops.ROIAlign",),
}
# How the links of the start page begin that lead to the answers of a newcomer's questions.
ANSWERS = {
    "is aligned=True the same as roi_end_mode=1": "concepts/roi_align.html#end-offset",
    "what is the default sampling": "concepts/roi_align.html#grid",
    "why do my indices differ": "concepts/nms.html#order",
    "which boxes does my mask belong to": "apis/mindspore.ops.NMSWithMask.html#",
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield opened
        opened.close()


class Visit:
    """A page of the site that keeps whatever the browser complains about or asks the network."""

    def __init__(self, browser: Any, width: int = 1280, scheme: str = "light") -> None:
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
        self.page = context.new_page()
        self.said: list[str] = []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", self._asked)

    def _heard(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.said.append(message.text)

    def _asked(self, request: Any) -> None:
        if not request.url.startswith(("file:", "data:")):
            self.said.append(request.url)

    def open(self, language: str, name: str) -> None:
        self.page.goto(f"file://{SITE}/{language}/{name}")

    def faults(self) -> list[str]:
        """Everything that is wrong with the page that is open."""
        overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        broken = "[...document.images].filter(i => !i.naturalWidth).map(i => i.src)"
        load = "[...document.images].forEach(i => { i.loading = 'eager' })"
        self.page.evaluate(load)
        self.page.wait_for_load_state("networkidle")
        self.page.evaluate(AXE)
        options = {"preload": False, "runOnly": TAGS}
        result = self.page.evaluate("options => axe.run(document, options)", options)
        found = [f"{each['id']}: {each['nodes'][0]['html']}" for each in result["violations"]]
        if (beyond := self.page.evaluate(overflow)) > 0:
            found.append(f"{beyond} pixels wider than the window")
        return found + self.page.evaluate(broken) + self.said


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_can_be_read(browser: Any, language: str, width: str, scheme: str) -> None:
    visit = Visit(browser, WIDTHS[width], scheme)
    found = {}
    for name in PAGES:
        visit.said.clear()
        visit.open(language, f"{name}.html")
        if faults := visit.faults():
            found[name] = faults
    assert not found


@pytest.mark.parametrize("words", FOUND)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_search_lists_what_is_meant_first(browser: Any, language: str, words: str) -> None:
    visit = Visit(browser)
    visit.open(language, f"search.html?q={words}")
    results = visit.page.locator("#search-results ul.search li a")
    results.first.wait_for(timeout=30000)
    visit.page.wait_for_timeout(2000)  # results come one by one
    first = [link.get_attribute("href") for link in results.all()[:4]]
    assert all(any(f"{name}.html" in link for link in first) for name in FOUND[words]), first
    assert not visit.said


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_an_answer_is_a_click_away(browser: Any, language: str, answer: str) -> None:
    """On a phone: the link is on the first page, and what it leads to is then to be seen."""
    visit = Visit(browser, WIDTHS["phone"])
    visit.open(language, "index.html")
    link = visit.page.locator(f'article a[href^="{answer}"]').first
    place = unquote(str(link.get_attribute("href"))).partition("#")[2]
    link.click()
    section = visit.page.locator(f'[id="{place}"]')
    visit.page.wait_for_load_state("load")
    visit.page.wait_for_timeout(1000)  # scrolling is smooth
    assert section.is_visible()
    seen = section.bounding_box()
    assert seen is not None
    assert 0 <= seen["y"] < 800
    assert not visit.said


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_other_language_is_a_click_away_on_every_page(browser: Any, language: str) -> None:
    other = "zh" if language == "en" else "en"
    visit = Visit(browser)
    for name in PAGES:
        visit.open(language, f"{name}.html")
        visit.page.locator(f'.sidebar-language a[hreflang="{other}"]').click()
        assert visit.page.url.endswith(f"/{other}/{name}.html")
