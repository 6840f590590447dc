"""The `opsbridge` command; a subcommand lives with its subject and is imported when asked for."""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import os
import sys

from opsbridge.errors import OpsbridgeError
from opsbridge.visible import visible

# Subcommand -> module with add_arguments(parser) and run(args) -> exit status, and its one line.
_COMMANDS = {
    "doctest": ("opsbridge.pages.command", "run the examples of difference pages on both sides"),
    "pages": ("opsbridge.pages.lint.command", "check difference pages without running them"),
    "diff": ("opsbridge.docgen.command", "print the computed difference table of two APIs"),
    "explain": ("opsbridge.docgen.explain", "print all that is known of an API, or of a pair"),
    "port": ("opsbridge.port.source.command", "translate MindSpore source to PyTorch source"),
    "convert-checkpoint": (
        "opsbridge.checkpoints.command",
        "convert weights from MindSpore to PyTorch, and back",
    ),
    "compare": ("opsbridge.compare.command", "compare a ported network with MindSpore's by layer"),
    "docs": ("opsbridge.docgen.docs_command", "write the generated documentation"),
    "new-framework": ("opsbridge.tables.new_framework", "write the first table of a framework"),
    "tables": ("opsbridge.tables.command", "check the mapping tables"),
    "info": ("opsbridge.info", "say what is installed, built and supported here"),
}


def main(argv: list[str] | None = None) -> int:
    """Run one subcommand; returns its exit status (2: the command could not be carried out)."""
    argv = sys.argv[1:] if argv is None else argv
    parser = argparse.ArgumentParser(prog="opsbridge", description=__doc__.partition(";")[0] + ".")
    parser.add_argument(
        "--version", action="version", version=importlib.metadata.version("opsbridge")
    )
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (module, summary) in _COMMANDS.items():
        description = summary.capitalize() + "."
        subparser = subparsers.add_parser(name, help=summary, description=description)
        if name in (_words_to_complete() or argv)[:1]:
            importlib.import_module(module).add_arguments(subparser)
    _complete(parser)
    args = parser.parse_args(argv)
    try:
        return int(importlib.import_module(_COMMANDS[args.command][0]).run(args))
    except BrokenPipeError:
        # The reader has seen enough; nothing may be written any more, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OpsbridgeError as error:
        print(visible(f"opsbridge {args.command}: {error}"), file=sys.stderr)
        return 2


def _words_to_complete() -> list[str]:
    """What stands after the name of the command while a shell asks argcomplete."""
    return os.environ.get("COMP_LINE", "").split()[1:] if "_ARGCOMPLETE" in os.environ else []


def _complete(parser: argparse.ArgumentParser) -> None:
    """Answer a shell that asks for completions, and end; do nothing otherwise."""
    if "_ARGCOMPLETE" in os.environ:
        try:
            argcomplete = importlib.import_module("argcomplete")
        except ModuleNotFoundError:
            sys.exit(1)
        argcomplete.autocomplete(parser)
