"""Building the site: a build of Sphinx per language, side by side, each page linked to its twin."""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import posixpath
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from opsbridge.docgen.find import apis_of
from opsbridge.docgen.site.accessible import make_accessible
from opsbridge.docgen.site.freshness import keep_digests, source_digests
from opsbridge.docgen.site.sources import site_sources
from opsbridge.docgen.wording import Language
from opsbridge.errors import PageError
from opsbridge.tables.load import all_core_names

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
# Names of APIs fit a phone. Categories stay on a line, Chinese ones too; prose in cells of
# difference tables and lists of dtypes in those of the matrix are more than a word wide, which is
# what a browser leaves them beside long names.
_STYLE = """article td, article th { vertical-align: top; }
tr > :first-child:nth-last-child(5) { white-space: nowrap; }
tr > :nth-child(5):last-child { min-width: 16em; }
tr > :nth-child(4):nth-last-child(5) { min-width: 14em; }
@media (max-width: 40em) {
  article h1 { font-size: 1.6rem; }
  article h2 { font-size: 1.35rem; }
  article table { font-size: 0.85rem; }
}
"""
# What Sphinx has by itself, but pages about operators come first, those about pairs and tests last.
_SCORER = """const _WEIGHTS = WEIGHTS;
var Scorer = {
  score: ([page, , , , score]) => score + (_WEIGHTS[page] || _WEIGHTS[page.split("/")[0]] || 0),
  objNameMatch: 11, objPartialMatch: 6, objPrio: {0: 15, 1: 5, 2: -5}, objPrioDefault: 0,
  title: 15, partialTitle: 7, term: 5, partialTerm: 2,
};
"""
_NAMES = {"en": "English", "zh": "中文"}
_BEFORE_THE_THEME = 400
_SIDEBARS = ("brand", "search", "scroll-start", "navigation", "scroll-end")


def build_site(out: Path) -> int:
    """Build both languages into a folder; how many pages it has.

    Raises:
        PageError: Sphinx or an extension is not installed, or the build has a warning.
        TableError: a table is at fault.
    """
    languages: tuple[Language, ...] = ("en", "zh")
    # Written here, once, and then built: both languages have what is computed of pairs.
    sources = [dict(site_sources(language)) for language in languages]
    folders = [out / language for language in languages]
    with ProcessPoolExecutor(len(languages)) as processes:
        count = sum(processes.map(build_language, languages, sources, folders))
    (out / "index.html").write_text(_ENTRY, encoding="utf-8")
    return count


def build_language(language: Language, sources: dict[str, str], out: Path) -> int:
    """Build the pages of one language; how many there are."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "source"
        pages = 0
        for name, text in sources.items():
            path = source / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text + "\n", encoding="utf-8")
            pages += path.suffix == ".md"
        static = source / "_static"
        static.mkdir()
        (static / "opsbridge.css").write_text(_STYLE, encoding="utf-8")
        (source / "scorer.js").write_text(search_scorer(), encoding="utf-8")
        templates = source / "_templates"
        templates.mkdir()
        (templates / "language.html").write_text(_SWITCH, encoding="utf-8")
        _run_sphinx(source, out, Path(folder) / "doctrees", _settings(language, source))
    make_accessible(out)
    keep_digests(source_digests(sources.items()), out)
    return pages


def search_scorer() -> str:
    """The order of what a search finds: operators of more APIs before those of fewer."""
    weights: dict[str, float] = {"differences": -100, "proofs": -100}
    for op in all_core_names():
        for section in ("concepts", "operators"):
            weights[f"{section}/{op}"] = 2 + len(apis_of(op)) / 100
    return _SCORER.replace("WEIGHTS;", f"{json.dumps(weights)};")


def _settings(language: Language, source: Path) -> dict[str, Any]:
    other = "zh" if language == "en" else "en"
    sidebars = [f"sidebar/{name}.html" for name in _SIDEBARS]
    return {
        "project": "opsbridge",
        "version": importlib.metadata.version("opsbridge"),
        "language": "zh_CN" if language == "zh" else "en",
        "extensions": ["myst_parser", "sphinx_copybutton", "sphinx_design"],
        "exclude_patterns": ["_static", "_templates"],
        "templates_path": ["_templates"],
        "html_theme": "furo",
        "html_static_path": ["_static"],
        "html_css_files": ["opsbridge.css"],
        "html_search_scorer": str(source / "scorer.js"),
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


class _Navigation:
    """The table of contents beside the hundreds of pages that are not in it, made once."""

    def __init__(self) -> None:
        self._made: dict[str, str] = {}

    def share(self, app: Any, page: str, template: str, context: dict[str, Any], tree: Any) -> None:
        """Pages of one folder have the same one: the same links, and no entry marked as theirs."""
        if not (context.get("meta") or {}).get("orphan"):
            return
        make, folder = context["toctree"], posixpath.dirname(page)

        def made(**options: Any) -> str:
            if folder not in self._made:
                self._made[folder] = make(**options)
            return self._made[folder]

        context["toctree"] = made


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
            app.connect("html-page-context", _Navigation().share, priority=_BEFORE_THE_THEME)
            app.build()
        except errors.SphinxError as error:
            raise PageError(f"docs: {error}") from error
    if app.statuscode:
        raise PageError("docs: the build has warnings, which are listed above")
