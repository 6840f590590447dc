"""Text of the built site can be read: contrasts of 4.5 to 1, as WCAG asks, in light and dark."""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path

import pytest
from contrast import as_hex, contrast, rules

SITE = os.environ.get("OPSBRIDGE_SITE", "")
pytestmark = pytest.mark.skipif(not SITE, reason="OPSBRIDGE_SITE names no built site (tox -e docs)")
THEMES = ("light", "dark")
SHEETS = ("styles/furo.css", "sphinx-design.min.css", "styles/furo-extensions.css", "pygments.css")
# Text of the theme: paragraphs, captions, notes in small print, links old and new.
TEXT = (
    *("foreground-primary", "foreground-secondary", "foreground-muted"),
    *("brand-primary", "brand-content", "brand-visited", "problematic"),
)
BEHIND = ("background-primary", "background-secondary")
BADGE = re.compile(r'class="sd-sphinx-override sd-badge sd-bg-(\w+)')
TOKEN = re.compile(r'<span class="([a-z]\w{0,2})">')


@cache
def sheet(name: str) -> list[tuple[str, dict[str, str]]]:
    return rules((Path(SITE) / "en" / "_static" / name).read_text(encoding="utf-8"))


@cache
def variables(theme: str) -> dict[str, str]:
    """The variables of all sheets; later ones and those of the theme win."""
    found: dict[str, str] = {}
    of_theme: dict[str, str] = {}
    for name in SHEETS[:3]:
        for selector, declared in sheet(name):
            own = {k: v for k, v in declared.items() if k.startswith("--")}
            if f"[data-theme={theme}]" in selector and ":not" not in selector:
                of_theme |= own
            elif "data-theme" not in selector:
                found |= own
    return found | of_theme


@cache
def pages() -> str:
    """Pages of every kind in both languages, one text."""
    kinds = ("index.html", "differences/*ROIAlign.html", "apis/*nms.html", "concepts/*.html",
             "found/*.html", "proofs/*nms.html", "reference/*.html", "*.html")  # fmt: skip
    return "".join(
        path.read_text(encoding="utf-8")
        for kind in kinds
        for path in sorted(Path(SITE).glob(f"*/{kind}"))
    )


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("behind", BEHIND)
@pytest.mark.parametrize("text", TEXT)
def test_text_stands_out(text: str, behind: str, theme: str) -> None:
    known = variables(theme)
    colors = [as_hex(f"var(--color-{name})", known) for name in (text, behind)]
    assert contrast(*colors) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("label", ["active", "inactive"])
def test_labels_of_tabs_stand_out(label: str, theme: str) -> None:
    known = variables(theme)
    color = as_hex(f"var(--sd-color-tabs-label-{label})", known)
    assert contrast(color, as_hex("var(--color-background-primary)", known)) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
def test_badges_stand_out(theme: str) -> None:
    known = variables(theme)
    kinds = set(BADGE.findall(pages()))
    assert {"danger", "primary", "secondary"} <= kinds
    for kind in kinds:
        text, behind = (as_hex(f"var(--sd-color-{kind}{end})", known) for end in ("-text", ""))
        assert contrast(text, behind) >= 4.5, kind


@pytest.mark.parametrize("theme", THEMES)
def test_code_stands_out(theme: str) -> None:
    """Every kind of token that the pages have, but white space."""
    of_theme = [
        (selector.rpartition(".highlight")[2].strip(" ."), declared)
        for selector, declared in sheet("pygments.css")
        if ".highlight" in selector and ("dark" in selector) == (theme == "dark")
    ]
    colors = {token: declared["color"] for token, declared in of_theme if "color" in declared}
    behind = next(declared["background"] for token, declared in of_theme if not token)
    used = {token for token in TOKEN.findall(pages()) if token in colors} - {"w"}
    assert {"k", "c1", "n"} & used
    for token in {"", *used}:
        text = as_hex(colors[token], {})
        assert contrast(text, as_hex(behind, {})) >= 4.5, (token, text, behind)
