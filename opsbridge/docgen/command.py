"""``opsbridge diff A B``: the computed differences of two APIs, and nothing else of their page."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from opsbridge.docgen.difference_page import summary, title
from opsbridge.docgen.difference_table import difference_table
from opsbridge.docgen.find import complete_api, find_api
from opsbridge.docgen.markdown import joined
from opsbridge.tables.load import load_core


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``opsbridge diff``."""
    add_api(parser, "left", "A", "API to come from, e.g. torchvision.ops.nms")
    add_api(parser, "right", "B", "API to go to, e.g. mindspore.ops.NMSWithMask")
    add_language(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print title, codes and table.

    Raises:
        TableError: the names or the tables are at fault.
    """
    left, right, language = find_api(arguments.left), find_api(arguments.right), arguments.lang
    core = load_core(left.core)
    codes = summary(left, right, core, language)
    table = difference_table(left, right, core, language)
    sys.stdout.write(joined([f"# {title(left, right, language)}", codes, table]) + "\n")
    return 0


def add_api(
    parser: argparse.ArgumentParser, name: str, metavar: str, text: str, **how: Any
) -> None:
    """Declare an argument, or an option, that names an API; shells complete it."""
    action = parser.add_argument(name, metavar=metavar, help=text, **how)
    action.completer = complete_api  # type: ignore[attr-defined]


def add_language(parser: argparse.ArgumentParser) -> None:
    """Declare the option that picks the language."""
    parser.add_argument("--lang", choices=("en", "zh"), default="en", help="language of the page")
