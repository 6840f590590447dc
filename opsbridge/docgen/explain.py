"""``opsbridge explain A [--to B]``: the page of an API or of a pair, in the terminal."""

from __future__ import annotations

import argparse
import sys

from opsbridge.docgen.api_page import api_page
from opsbridge.docgen.command import add_api, add_language
from opsbridge.docgen.find import find_api
from opsbridge.docgen.page_files import full_page
from opsbridge.docgen.pairs import Pair
from opsbridge.tables.load import load_core


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``opsbridge explain``."""
    add_api(parser, "api", "A", "an API, e.g. torchvision.ops.nms, or its last part if only one")
    add_api(parser, "--to", "B", "the API to move to; without it, what is known of A")
    add_language(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the page.

    Raises:
        TableError: the names or the tables are at fault.
    """
    api = find_api(arguments.api)
    core = load_core(api.core)
    if arguments.to is None:
        page = api_page(api, core, arguments.lang)
    else:
        page = full_page(Pair(api, find_api(arguments.to), core), arguments.lang)
    sys.stdout.write(f"{page}\n")
    return 0
