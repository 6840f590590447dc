"""Building the site: two builds of Sphinx, one per language, each page linked to its twin."""

from __future__ import annotations

import importlib
import importlib.metadata
import tempfile
from pathlib import Path
from typing import Any

from opsbridge.docgen.site.accessible import make_accessible
from opsbridge.docgen.site.freshness import keep_digests, source_digests
from opsbridge.docgen.site.sources import site_sources
from opsbridge.docgen.wording import Language
from opsbridge.errors import PageError

_SWITCH = """<div class="sidebar-language" style="padding: 0.5rem 1rem">
<a href="{{ '../' * (pagename.count('/') + 1) }}{{ other }}/{{ pagename }}.html"
 hreflang="{{ other }}" lang="{{ other }}">{{ other_name }}</a></div>
"""
_ENTRY = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>opsbridge</title>
<meta name="viewport" content="width=device-width"></head>
<body><h1>opsbridge</h1>
<p><a href="en/index.html">English</a></p>
<p><a href="zh/index.html" lang="zh">中文</a></p></body></html>
"""
_NAMES = {"en": "English", "zh": "中文"}
_SIDEBARS = ("brand", "search", "scroll-start", "navigation", "scroll-end")


def build_site(out: Path) -> int:
    """Build both languages into a folder; how many pages it has.

    Raises:
        PageError: Sphinx or an extension is not installed, or the build has a warning.
        TableError: a table is at fault.
    """
    languages: tuple[Language, ...] = ("en", "zh")
    count = sum(build_language(language, out / language) for language in languages)
    (out / "index.html").write_text(_ENTRY, encoding="utf-8")
    return count


def build_language(language: Language, out: Path) -> int:
    """Build the pages of one language; how many there are."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "source"
        pages = 0
        sources = dict(site_sources(language))
        for name, text in sources.items():
            path = source / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text + "\n", encoding="utf-8")
            pages += path.suffix == ".md"
        templates = source / "_templates"
        templates.mkdir()
        (templates / "language.html").write_text(_SWITCH, encoding="utf-8")
        _run_sphinx(source, out, Path(folder) / "doctrees", _settings(language))
    make_accessible(out)
    keep_digests(source_digests(sources.items()), out)
    return pages


def _settings(language: Language) -> dict[str, Any]:
    other = "zh" if language == "en" else "en"
    sidebars = [f"sidebar/{name}.html" for name in _SIDEBARS]
    return {
        "project": "opsbridge",
        "version": importlib.metadata.version("opsbridge"),
        "language": "zh_CN" if language == "zh" else "en",
        "extensions": ["myst_parser", "sphinx_copybutton", "sphinx_design"],
        "exclude_patterns": ["_templates"],
        "templates_path": ["_templates"],
        "html_theme": "furo",
        "html_title": "opsbridge",
        "html_show_copyright": False,
        # They are fetched, which a browser refuses for pages that are opened as files.
        "html_show_search_summary": False,
        "html_show_sourcelink": False,
        "html_copy_source": False,
        "html_sidebars": {"**": [*sidebars[:2], "language.html", *sidebars[2:]]},
        "html_context": {"other": other, "other_name": _NAMES[other]},
        "copybutton_exclude": ".linenos, .gp, .go",
        "myst_enable_extensions": ["colon_fence"],
        "myst_heading_anchors": 3,
    }


def _run_sphinx(source: Path, out: Path, doctrees: Path, settings: dict[str, Any]) -> None:
    try:
        application = importlib.import_module("sphinx.application")
    except ModuleNotFoundError as error:
        raise PageError(f"docs: building needs opsbridge[site]: {error}") from None
    errors = importlib.import_module("sphinx.errors")
    docutils = importlib.import_module("sphinx.util.docutils")
    with docutils.patch_docutils(), docutils.docutils_namespace():
        try:
            app = application.Sphinx(
                str(source),
                None,
                str(out),
                str(doctrees),
                "html",
                confoverrides=settings,
                status=None,
                warningiserror=True,
            )
            app.build()
        except errors.SphinxError as error:
            raise PageError(f"docs: {error}") from error
    if app.statuscode:
        raise PageError("docs: the build has warnings, which are listed above")
