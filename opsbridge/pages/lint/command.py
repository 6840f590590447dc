"""`opsbridge pages lint`: what can be found wrong with difference pages without running them."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import Any

from opsbridge.errors import PageError
from opsbridge.pages.discover import find_pages
from opsbridge.pages.json_report import write_text
from opsbridge.pages.lint.finding import PageFinding
from opsbridge.pages.lint.lint import lint_page, resolve_pages
from opsbridge.pages.load import need_packages, read_regular
from opsbridge.pages.model import Page
from opsbridge.tables.schema import Text
from opsbridge.visible import visible


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `opsbridge pages`."""
    commands = parser.add_subparsers(dest="pages_command", required=True, metavar="COMMAND")
    lint = commands.add_parser("lint", help="find what is wrong with pages without running them")
    lint.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="a page, a folder of pages (*.md, recursively) or a quoted pattern",
    )
    lint.add_argument(
        "--lang", choices=("en", "zh"), help="language of the messages (default: the page's)"
    )
    lint.add_argument("--json", metavar="FILE", help="also write the findings to FILE")


def run(args: argparse.Namespace) -> int:
    """Print the findings; 0 if there are none, 1 if there are, 2 if a page cannot be read.

    Raises:
        PageError: a package is missing, a path matches nothing, or the file of findings cannot be
            written.
    """
    need_packages("markdown_it")
    pages: list[Page] = []
    unreadable: list[str] = []
    for path in find_pages(args.paths):
        try:
            pages.append(read_regular(path))
        except PageError as error:
            unreadable.append(str(error))
    answers = resolve_pages(pages)
    found = [(page, finding) for page in pages for finding in lint_page(page, answers)]
    for page, finding in found:
        print("\n".join(_lines(page, finding, args.lang)))
    for message in unreadable:
        print(visible(message))
    counts = Counter(finding.rule for _, finding in found)
    rules = "".join(f"; {rule} {count}" for rule, count in counts.most_common())
    print(f"{len(pages) + len(unreadable)} pages, {len(found)} findings{rules}")
    if args.json:
        data = {"format": 1, "unreadable": unreadable, "findings": [_data(*pair) for pair in found]}
        write_text(args.json, json.dumps(data, indent=1, ensure_ascii=False) + "\n")
    return 2 if unreadable else int(bool(found))


def _lines(page: Page, finding: PageFinding, language: str | None) -> list[str]:
    chosen = language or page.language
    place = f"{page.path}:{page.where(finding.line)}"
    lines = [f"{place}: {finding.rule}: {_pick(finding.message, chosen)}"]
    if finding.suggestion is not None:
        suggestion = _pick(finding.suggestion, chosen).split("\n")
        label = "suggestion: " if chosen == "en" else "建议："
        lines += [
            f"    {label if not number else ''}{line}" for number, line in enumerate(suggestion)
        ]
    return [visible(line) for line in lines]


def _data(page: Page, finding: PageFinding) -> dict[str, Any]:
    suggestion = finding.suggestion
    return {
        "path": Path(page.path).as_posix(),
        "where": page.where(finding.line),
        "language": page.language,
        "rule": finding.rule,
        "message": {"en": finding.message.en, "zh": finding.message.zh},
        "suggestion": {"en": suggestion.en, "zh": suggestion.zh} if suggestion else None,
    }


def _pick(text: Text, language: str) -> str:
    return text.zh if language == "zh" else text.en
