"""``opsbridge explain A [--to B]``: the page of an API or of a pair, in the terminal.

``opsbridge explain --onnx MODEL`` says of every detection operator of a model what it is elsewhere.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from opsbridge.docgen.api_page import api_page
from opsbridge.docgen.command import add_api, add_language
from opsbridge.docgen.find import find_api
from opsbridge.docgen.onnx_models import report
from opsbridge.docgen.page_files import full_page
from opsbridge.docgen.pairs import Pair
from opsbridge.errors import ArgumentError
from opsbridge.tables.load import load_core


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``opsbridge explain``."""
    add_api(
        parser,
        "api",
        "A",
        "an API, e.g. torchvision.ops.nms, or its last part if only one",
        nargs="?",
    )
    add_api(parser, "--to", "B", "the API to move to; without it, what is known of A")
    parser.add_argument(
        "--onnx", type=Path, metavar="MODEL", help="an ONNX model, in place of A and B"
    )
    add_language(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the page.

    Raises:
        TableError: the names or the tables are at fault.
    """
    if arguments.onnx is not None:
        sys.stdout.write(f"{report(arguments.onnx, arguments.lang)}\n")
        return 0
    if arguments.api is None:
        raise ArgumentError("explain: name an API, or give a model with --onnx")
    api = find_api(arguments.api)
    core = load_core(api.core)
    if arguments.to is None:
        page = api_page(api, core, arguments.lang)
    else:
        page = full_page(Pair(api, find_api(arguments.to), core), arguments.lang)
    sys.stdout.write(f"{page}\n")
    return 0
