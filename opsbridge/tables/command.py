"""``opsbridge tables lint``: check the mapping tables and say how far they agree with reality."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from opsbridge.errors import TableError
from opsbridge.tables.lint import Report, lint_tables
from opsbridge.tables.load import table_root


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``opsbridge tables``."""
    commands = parser.add_subparsers(dest="tables_command", required=True, metavar="COMMAND")
    lint = commands.add_parser("lint", help="check all tables of a folder")
    lint.add_argument(
        "path", nargs="?", type=Path, metavar="DIR", help="folder of tables (default: the shipped)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the findings; 0 if there are none, else 1.

    Raises:
        TableError: the folder has no tables.
    """
    root = table_root() if arguments.path is None else arguments.path.resolve()
    report = lint_tables(root)
    if not report.tables:
        raise TableError(f"{arguments.path}: there are no tables in this folder")
    sys.stdout.write("\n".join([*report.messages, *_agreement(report), _total(report)]) + "\n")
    return 1 if report.messages else 0


def _agreement(report: Report) -> list[str]:
    """How each API agrees with its installed framework, one line each, then all together."""
    lines = []
    facts = agreeing = 0
    for name, signature in report.signatures.items():
        if signature.reason:
            lines.append(f"{name}: signature not checked ({signature.reason})")
            continue
        right = signature.facts - len(signature.findings)
        facts, agreeing = facts + signature.facts, agreeing + right
        lines.append(f"{name}: {right} of {signature.facts} facts of the signature agree")
    share = f"{100 * agreeing / facts:.1f} %" if facts else "not checked"
    return [*lines, f"agreement with installed frameworks: {share}"]


def _total(report: Report) -> str:
    return f"{report.tables} tables, {len(report.messages)} findings"
