"""`opsbridge port`: translates MindSpore source to PyTorch source."""

from __future__ import annotations

import argparse
import difflib
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Any

from opsbridge.errors import PortError
from opsbridge.port.source.advice import advice_on
from opsbridge.port.source.files import (
    SourceFile,
    discover,
    read_bytes,
    read_source,
    write_file,
)
from opsbridge.port.source.progress import progress_bar
from opsbridge.port.source.reports import FORMATS, terminal_lines, write_report
from opsbridge.port.source.result import FileResult, Report, Target
from opsbridge.visible import visible

MOST_SAID_BY_STATUS = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.description = (
        "Translate MindSpore source to PyTorch source by the port tables; operators of frameworks"
        " with tables in OPSBRIDGE_MAPPINGS become opsbridge's. Nothing of the source is"
        " run or imported. What cannot be translated is left, marked with a comment, and listed."
    )
    parser.add_argument("sources", nargs="+", metavar="SRC", help="files and folders")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("-o", "--output", metavar="OUT", help="the folder (or file) to write")
    where.add_argument("--in-place", action="store_true", help="change the files themselves")
    parser.add_argument("--diff", action="store_true", help="print the changes and write nothing")
    parser.add_argument(
        "--check",
        action="store_true",
        help="write nothing; the exit status is the number of points left to be done by hand,"
        f" at most {MOST_SAID_BY_STATUS}",
    )
    parser.add_argument(
        "--exclude", action="append", default=[], metavar="GLOB", help="files and folders to skip"
    )
    parser.add_argument(
        "--target",
        choices=[target.value for target in Target],
        default=Target.OPSBRIDGE.value,
        help="torchvision: opsbridge only where PyTorch and torchvision have no such operator;"
        " opsbridge (default): its operators wherever they alone give MindSpore's results",
    )
    parser.add_argument(
        "--report",
        action="append",
        default=[],
        metavar="FILE",
        help="write a report: FILE.html, FILE.json or FILE.md; a bare html, json or md is"
        " port-report.html and so on, in OUT",
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="print the summary only")


def run(args: argparse.Namespace) -> int:
    """Translate, write, report.

    0: everything is translated, or what is not is marked. 1: a file could not be read.
    With --check: the number of points that are left.
    """
    _require_libcst()
    writes = not (args.diff or args.check)
    if writes and not (args.output or args.in_place):
        raise PortError("say where to write: -o OUT, --in-place, --diff or --check")
    output = Path(args.output) if args.output else None
    reports = [_report_path(each, output) for each in args.report]
    sources = _sources(args, output)
    report = _translated(args, sources)
    if args.diff:
        _print_diff(report)
    if writes:
        _write(sources, report, output)
    for path in reports:
        write_report(report, path)
    for line in terminal_lines(report, quiet=args.quiet):
        print(visible(line), file=sys.stderr if args.diff else sys.stdout)
    if args.check:
        return min(report.unsupported, MOST_SAID_BY_STATUS)
    return 1 if any(file.problem for file in report.files) else 0


def _translated(args: argparse.Namespace, sources: Sequence[SourceFile]) -> Report:
    # libcst comes with an extra, and its absence was said before.
    from opsbridge.port.source.translate import translate

    target = Target(args.target)
    python = [file for file in sources if file.is_python]
    with progress_bar(2 * len(python), quiet=args.quiet) as tick:
        results = translate(python, target, tick)
    return Report(target, tuple(results), tuple(advice_on(sources, results)))


def _sources(args: argparse.Namespace, output: Path | None) -> list[SourceFile]:
    """All files, placed below the output: those of several sources by the name of each."""
    found: list[SourceFile] = []
    for source in args.sources:
        path = Path(source)
        if output is not None and path.exists() and path.resolve() == output.resolve():
            raise PortError(f"{output}: is the source itself; --in-place changes it")
        inside = [file for file in discover([source], args.exclude) if not _is_in(file, output)]
        if len(args.sources) > 1 and path.is_dir():
            name = path.resolve().name
            inside = [SourceFile(f.path, PurePath(name, f.place), f.is_link) for f in inside]
        found += inside
    unique = {file.path.resolve(): file for file in reversed(found)}
    files = [file for file in found if unique[file.path.resolve()] is file]
    places = [file.place for file in files]
    if args.output and len(set(places)) < len(places):
        double = next(place for place in places if places.count(place) > 1)
        raise PortError(f"two sources would be written to {double}; translate them one by one")
    return files


def _is_in(file: SourceFile, output: Path | None) -> bool:
    return output is not None and file.path.resolve().is_relative_to(output.resolve())


def _write(sources: Sequence[SourceFile], report: Report, output: Path | None) -> None:
    """Write translations, and copies of everything else where there is a folder for them."""
    results = {result.place: result for result in report.files}
    is_file = output is not None and len(sources) == 1 and output.suffix == ".py"
    for file in sources:
        result = results.get(file.place.as_posix())
        if output is None:
            if result is not None and result.is_changed and not result.problem:
                write_file(file.path.resolve(), _bytes(file, result), file.path.stat().st_mode)
            continue
        path = output if is_file else output / file.place
        if not is_file and not path.parent.resolve().is_relative_to(output.resolve()):
            raise PortError(f"{path}: a link leads out of {output}; nothing is written there")
        write_file(path, _bytes(file, result), file.path.stat().st_mode)


def _bytes(file: SourceFile, result: FileResult | None) -> bytes:
    if result is None or result.problem or not result.is_changed or result.after is None:
        return read_bytes(file.path)
    text = read_source(file.path)
    if text.text != result.before:
        raise PortError(f"{file.path}: has changed since it was read")
    return text.encode(result.after)


def _print_diff(report: Report) -> None:
    for file in report.files:
        if file.before is not None and file.after is not None and file.is_changed:
            old, new = (text.splitlines(keepends=True) for text in (file.before, file.after))
            for line in difflib.unified_diff(old, new, file.place, file.place):
                shown = visible(line) if sys.stdout.isatty() else line  # a patch keeps its bytes
                print(shown, end="" if line.endswith("\n") else "\n\\ No newline at end of file\n")


def _report_path(text: str, output: Path | None) -> Path:
    if text in FORMATS:
        folder = output if output is not None and output.suffix != ".py" else Path()
        return folder / f"port-report.{text}"
    path = Path(text)
    if path.suffix.removeprefix(".") not in FORMATS:
        raise PortError(f"--report {text}: the name must end with .html, .json or .md")
    return path


def _require_libcst() -> Any:
    try:
        return importlib.import_module("libcst")
    except ModuleNotFoundError:
        raise PortError("libcst is not installed; it comes with opsbridge[port]") from None
