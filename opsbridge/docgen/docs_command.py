"""``opsbridge docs``: write the generated documentation, and record what its examples print."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from opsbridge.docgen.page_files import json_files, markdown_files, write_files
from opsbridge.docgen.pairs import all_snippets
from opsbridge.docgen.recorded import (
    installed_versions,
    record,
    recordings_folder,
    write_recording,
)
from opsbridge.errors import PageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the commands of ``opsbridge docs``."""
    commands = parser.add_subparsers(dest="docs_command", required=True, metavar="COMMAND")
    pages = commands.add_parser("pages", help="write the difference pages of all pairs of APIs")
    pages.add_argument(
        "--format", choices=("markdown", "json"), default="markdown", help="default: markdown"
    )
    pages.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write to")
    pages.add_argument(
        "--lang",
        choices=("en", "zh", "both"),
        default="en",
        help="language of Markdown pages; 'both' writes to DIR/en and DIR/zh (JSON holds both)",
    )
    build = commands.add_parser("build", help="build the site in both languages")
    build.add_argument(
        "--out",
        type=Path,
        default=Path("docs", "mapping"),
        metavar="DIR",
        help="folder to write to (default: %(default)s)",
    )
    recorder = commands.add_parser(
        "record", help="run the examples of all pages and keep what they print"
    )
    recorder.add_argument(
        "environments",
        nargs="*",
        metavar="ENVIRONMENT",
        help="names of files in docs/recorded (default: all that are installed)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Carry out one command.

    Raises:
        PageError: a folder cannot be written to, or an example failed.
        TableError: a table is at fault.
    """
    commands: dict[str, Callable[[argparse.Namespace], None]] = {
        "pages": _pages,
        "build": _build,
        "record": _record,
    }
    try:
        commands[arguments.docs_command](arguments)
    except ModuleNotFoundError as error:
        raise PageError(f"docs: needs opsbridge[site]: {error.name} is not installed") from error
    except OSError as error:
        raise PageError(f"docs: {error.filename}: {error.strerror}") from error
    return 0


def _pages(arguments: argparse.Namespace) -> None:
    out = arguments.out
    if arguments.format == "json":
        count = write_files(json_files(), out)
    elif arguments.lang == "both":
        count = write_files(markdown_files("en"), out / "en")
        count += write_files(markdown_files("zh"), out / "zh")
    else:
        count = write_files(markdown_files(arguments.lang), out)
    sys.stdout.write(f"{out}: {count} files\n")


def _build(arguments: argparse.Namespace) -> None:
    from opsbridge.docgen.site.build import build_site  # needs the packages of opsbridge[site]

    arguments.out.mkdir(parents=True, exist_ok=True)
    sys.stdout.write(f"{arguments.out}: {build_site(arguments.out)} pages\n")


def _record(arguments: argparse.Namespace) -> None:
    """Record the environments that are asked for and installed here; say which are not."""
    known = all_snippets()
    for environment in arguments.environments or known:
        if environment not in known:
            raise PageError(f"docs: no environment {environment}; known: {', '.join(known)}")
        snippets = known[environment]
        versions = installed_versions(snippets[0])
        if versions is None:
            sys.stdout.write(f"{environment}: not installed, {len(snippets)} examples not run\n")
            continue
        path = recordings_folder() / f"{environment}.json"
        write_recording(record(snippets), path)
        named = ", ".join(f"{name} {version}" for name, version in versions.items())
        sys.stdout.write(f"{path}: {len(snippets)} examples run with {named}\n")
