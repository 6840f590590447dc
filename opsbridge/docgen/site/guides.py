"""Written guides: `docs/site/<language>/*.md`, and `docs/*.md` with Chinese twins in `docs/zh`.

A guide is on the site because its file is there. A twin names the text that it translates by a
digest in its first line; where that text has changed since, or has no twin, the Chinese page says
so and links the English one. A last section of figures that are made by a program need not be
copied: the twin ends with its heading, below a line that names the English one.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from dataclasses import dataclass
from pathlib import Path

from opsbridge.docgen.markdown import joined
from opsbridge.docgen.wording import Language
from opsbridge.errors import PageError
from opsbridge.tables.load import table_root

# Who is new reads these first; the rest is in the order of the alphabet.
_FIRST = ("start", "install")
_TRANSLATED = re.compile(r"<!-- translates ([\w.-]+) ([0-9a-f]{12}) -->\n")
_AS_IN_ENGLISH = re.compile(r"<!-- as in English from: (#+ .+) -->\n(#+ .+)\n*$")
_LINK = re.compile(r"\[([^\]]*)\]\((?!https?:|#|mailto:)([^)\s]*)\)")
_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_NO_TWIN = "本页尚无中文版。"
_OLDER = "英文版在翻译之后有改动，如有出入，以英文版为准。"
_ENGLISH_PAGE = '<a href="../en/{name}.html" hreflang="en" lang="en">English: {title}</a>'
_NOTE = "```{{note}}\n{text}\n{link}\n```"


@dataclass(frozen=True)
class Guide:
    """A written page of the site, as Markdown with links that hold there."""

    name: str
    text: str


def checkout() -> Path:
    """The checkout that holds the written guides: that of the tables, or the current folder.

    Raises:
        PageError: neither is one.
    """
    for root in (table_root().resolve().parent, Path.cwd()):
        if (root / "docs" / "site").is_dir():
            return root
    raise PageError("docs: the site is built in a checkout; there is no docs/site here")


def first_pages(language: Language) -> list[Guide]:
    """The pages that were written for the site, those for newcomers first."""
    folder = checkout() / "docs" / "site" / language
    names = [path.stem for path in folder.glob("*.md")]
    names.sort(key=lambda name: (_FIRST.index(name) if name in _FIRST else len(_FIRST), name))
    return [Guide(name, (folder / f"{name}.md").read_text(encoding="utf-8")) for name in names]


def guides(language: Language) -> list[Guide]:
    """The guides of the repository."""
    return [Guide(name, _text(name, language)) for name in guide_names()]


def guide_names() -> list[str]:
    """Names of the guides of the repository, without an ending."""
    return sorted(path.stem for path in (checkout() / "docs").glob("*.md"))


def changelog(language: Language) -> str:
    """The changelog, which is kept in English."""
    text = _linked((checkout() / "CHANGELOG.md").read_text(encoding="utf-8"), "CHANGELOG.md")
    return text if language == "en" else joined(["# 更新日志", _missing("changelog", text), text])


def digest(text: str) -> str:
    """What the first line of a twin calls the text that it translates."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def twin_of(name: str) -> tuple[str, bool] | None:
    """The Chinese text of a guide, and whether it translates the guide as it is; None without one.

    Raises:
        PageError: the first line of the twin does not say what it translates.
    """
    folder = checkout() / "docs"
    path = folder / "zh" / f"{name}.md"
    if not path.is_file():
        return None
    text = path.read_text(encoding="utf-8")
    said = _TRANSLATED.match(text)
    if said is None or said[1] != f"{name}.md":
        raise PageError(f"docs/zh/{name}.md: line 1 must be <!-- translates {name}.md DIGEST -->")
    english = (folder / f"{name}.md").read_text(encoding="utf-8")
    translated, figures = text[said.end() :].lstrip("\n"), _AS_IN_ENGLISH.search(text)
    if figures:
        english, heading, rest = english.partition(f"\n{figures[1]}\n")
        if not heading:
            raise PageError(f"docs/zh/{name}.md: {name}.md has no heading {figures[1]!r}")
        translated = f"{_AS_IN_ENGLISH.sub('', translated)}{figures[2]}\n{rest}"
    return translated, said[2] == digest(english)


def _text(name: str, language: Language) -> str:
    english = (checkout() / "docs" / f"{name}.md").read_text(encoding="utf-8")
    if language == "en":
        return _linked(english, f"docs/{name}.md")
    twin = twin_of(name)
    if twin is None:
        return joined([f"# {_title(english)}", _missing(name, english)])
    text = _linked(twin[0], f"docs/zh/{name}.md")
    if twin[1]:
        return text
    heading, _, rest = text.partition("\n")
    return joined([heading, _noted(_OLDER, name, english), rest.lstrip("\n")])


def _missing(name: str, english: str) -> str:
    return _noted(_NO_TWIN, name, english)


def _noted(text: str, name: str, english: str) -> str:
    link = _ENGLISH_PAGE.format(name=name, title=_title(english))
    return _NOTE.format(text=text, link=link)


def _title(text: str) -> str:
    found = re.search(r"^# +(.*)$", _FENCE.sub("", text), re.MULTILINE)
    return re.sub(r"[`*]", "", found[1]).strip() if found else ""


def _linked(text: str, source: str) -> str:
    """Links to guides and to the changelog stay, on the site; of others only their text."""
    names = guide_names()

    def replaced(link: re.Match[str]) -> str:
        path, mark, anchor = link[2].partition("#")
        target = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
        name = target.removeprefix("docs/").removeprefix("zh/").removesuffix(".md")
        if target.startswith("docs/") and name in names:
            return f"[{link[1]}]({name}.md{mark}{anchor})"
        return f"[{link[1]}](changelog.md)" if target == "CHANGELOG.md" else link[1]

    parts = re.split(r"(^```.*?^```$)", text, flags=re.MULTILINE | re.DOTALL)
    return "".join(p if p.startswith("```") else _LINK.sub(replaced, p) for p in parts)
