"""The command `opsbridge doctest`: checks documentation pages and reports per statement."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence

from opsbridge.errors import PageError
from opsbridge.pages.baseline import Baseline
from opsbridge.pages.check import Backends, check_pages, describe_isolation, usual_workers
from opsbridge.pages.discover import find_pages
from opsbridge.pages.html_report import write_html
from opsbridge.pages.json_report import write_json
from opsbridge.pages.junit import write_junit
from opsbridge.pages.load import load_page, need_packages
from opsbridge.pages.model import Page, Progress
from opsbridge.pages.progress import progress_bar
from opsbridge.pages.report import PageReport, RunReport
from opsbridge.pages.run import Limits
from opsbridge.pages.terminal import page_lines, summary_lines
from opsbridge.pages.update_command import update_pages

_BACKENDS = ("real", "opsbridge", "both")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="a page, a folder of pages (*.md, recursively) or a quoted pattern",
    )
    add_run_arguments(parser)
    parser.add_argument(
        "--quiet", action="store_true", help="no progress bar, no lines of pages that are true"
    )
    parser.add_argument("--verbose", action="store_true", help="show true statements, too")
    parser.add_argument("--json", metavar="FILE", help="also write the results to FILE")
    parser.add_argument("--junit", metavar="FILE", help="also write them as JUnit XML")
    parser.add_argument("--html", metavar="FILE", help="also write them as one HTML page")
    parser.add_argument(
        "--baseline", metavar="FILE", help="fail only where an earlier --json FILE was better"
    )
    parser.add_argument(
        "--update",
        action="store_true",
        help="rewrite documented outputs that differ, after showing the changes and asking",
    )
    parser.add_argument("--yes", action="store_true", help="with --update: do not ask")


def add_run_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments that say how halves run."""
    parser.add_argument(
        "--mindspore",
        choices=_BACKENDS,
        help="what runs the MindSpore halves (default: both if MindSpore is installed, else"
        " opsbridge)",
    )
    parser.add_argument(
        "--torch", choices=_BACKENDS, help="what runs the PyTorch halves (default: real)"
    )
    parser.add_argument(
        "--timeout",
        type=_seconds,
        default=Limits().seconds,
        metavar="SECONDS",
        help="time limit of each half (default: %(default)g)",
    )
    parser.add_argument(
        "--jobs",
        type=_jobs,
        default=usual_workers(),
        metavar="N",
        help="halves at a time (default: %(default)d)",
    )
    parser.add_argument(
        "--fresh",
        action="store_true",
        help="start a new interpreter for every half instead of forking a warm one",
    )


def run(args: argparse.Namespace) -> int:
    """Check the pages and print the report; return the exit status.

    0: every documented output is true, or nothing is worse than in the baseline. 1: one differs, a
    statement failed, or a page has no example. 2: a page cannot be read.

    Raises:
        PageError: a package is missing, a path matches nothing, options exclude each other, or a
            file of results cannot be read or written.
    """
    paths = find_pages(args.paths)
    need_packages("markdown_it", "pytest_doctestplus", *(["jinja2"] if args.html else []))
    if args.update and args.baseline:
        raise PageError("--update and --baseline exclude each other: what is new would be old")
    baseline = Baseline(args.baseline) if args.baseline else None
    loaded = [load_page(path) for path in paths]
    report = RunReport([page for page, _ in loaded], describe_isolation())
    with progress_bar(quiet=args.quiet) as bar:
        start = time.monotonic()
        for page in _checked(loaded, args, bar.update):
            if args.verbose or not args.quiet or not page.is_true():
                bar.print("\n".join(page_lines(page, everything=args.verbose)))
        report.seconds = time.monotonic() - start
    print("\n".join(["", *summary_lines(report)]))
    for path, write in (
        (args.json, write_json),
        (args.junit, write_junit),
        (args.html, write_html),
    ):
        if path:
            write(report, path)
    if args.update:
        return update_pages(report.pages, [page for _, page in loaded], print, not args.yes)
    if baseline is not None:
        comparison = baseline.compare(report)
        print("\n".join(["", *comparison.lines()]))
        return max(int(bool(comparison.worse)), report.exit_status() & 2)
    return report.exit_status()


def _checked(
    loaded: Sequence[tuple[PageReport, Page | None]],
    args: argparse.Namespace,
    on_progress: Callable[[Progress], None],
) -> Iterator[PageReport]:
    """Run the pages and yield their reports in order, each as soon as those before it are done."""
    runnable = [number for number, (_, page) in enumerate(loaded) if page is not None]
    pages = [page for _, page in loaded if page is not None]
    waiting = set(runnable)
    given = 0
    backends = Backends.chosen(args.torch, args.mindspore)
    limits = Limits(args.timeout)
    for result in check_pages(pages, backends, limits, args.jobs, on_progress, fresh=args.fresh):
        number = runnable[result.page]
        loaded[number][0].halves = result.halves
        waiting.remove(number)
        while given < len(loaded) and given not in waiting:
            yield loaded[given][0]
            given += 1
    yield from (page for page, _ in loaded[given:])


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"is {text}; the limit must be a number above 0")
    return seconds


def _jobs(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"is {text}; it must be a whole number above 0")
    return int(text)
