"""The command `opsbridge doctest`: checks documentation pages and reports per statement."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from opsbridge.errors import PageError
from opsbridge.pages.check import check_page, mindspore_backends
from opsbridge.pages.model import Backend
from opsbridge.pages.read import read_page
from opsbridge.pages.report import (
    HalfReport,
    PageReport,
    as_json,
    exit_status,
    page_lines,
    summary,
)
from opsbridge.pages.run import Limits


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("pages", nargs="+", metavar="PAGE", help="a difference page (Markdown)")
    parser.add_argument(
        "--mindspore",
        choices=("real", "opsbridge", "both"),
        help="what runs the MindSpore halves (default: both if MindSpore is installed, else"
        " opsbridge)",
    )
    parser.add_argument(
        "--timeout",
        type=_seconds,
        default=Limits().seconds,
        metavar="SECONDS",
        help="time limit of each half (default: %(default)g)",
    )
    parser.add_argument("--json", metavar="FILE", help="also write the results to FILE")


def run(args: argparse.Namespace) -> int:
    """Check the pages and print the report; return the exit status.

    0: every documented output is true. 1: one differs, a statement failed, or a page has no
    example. 2: a page cannot be read.
    """
    mindspore = mindspore_backends(args.mindspore)
    limits = Limits(seconds=args.timeout)
    reports = []
    for path in args.pages:
        report = check_file(Path(path), mindspore, limits)
        reports.append(report)
        print("\n".join(page_lines(report)), end="\n\n", flush=True)
    print(summary(reports))
    if args.json:
        text = json.dumps(as_json(reports), indent=1, ensure_ascii=False)
        Path(args.json).write_text(text + "\n", encoding="utf-8")
    return exit_status(reports)


def check_file(path: Path, mindspore: tuple[Backend, ...], limits: Limits) -> PageReport:
    """Read and check one page; what is wrong with it becomes part of its report."""
    try:
        page = read_page(path)
    except PageError as error:
        return PageReport(str(path), problem=str(error), is_unusable=True)
    except OSError as error:
        problem = f"{path}: cannot be read: {error.strerror or error}"
        return PageReport(str(path), problem=problem, is_unusable=True)
    report = PageReport(str(path), page.language, page.title)
    if not page.statements:
        report.problem = f"{path}: the page has no example (no Python code below a heading)"
        return report
    for example, framework, backend, rows in check_page(page, mindspore, limits):
        report.halves.append(HalfReport(example, framework, backend, rows))
    return report


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"is {text}; the limit must be a number above 0")
    return seconds
