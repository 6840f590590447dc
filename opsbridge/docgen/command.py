"""``opsbridge diff A B``: the computed differences of two APIs."""

from __future__ import annotations

import argparse
import sys

from opsbridge.docgen.difference_table import difference_table
from opsbridge.docgen.wording import Language, explain_action, pick
from opsbridge.tables.diff import differences
from opsbridge.tables.difference import Difference, headline
from opsbridge.tables.load import load_api, load_core
from opsbridge.tables.schema import ApiTable, CoreTable, Text

_TITLE = Text("Differences between {left} and {right}", "比较{left}与{right}的差异")
_HEADLINE = Text("Worst difference: `{code}`", "最大差异：`{code}`")
_LINE = Text("- `{code}` ({action}): {names}", "- `{code}`（{action}）：{names}")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``opsbridge diff``."""
    parser.add_argument("left", metavar="A", help="API to come from, e.g. torchvision.ops.nms")
    parser.add_argument("right", metavar="B", help="API to go to, e.g. mindspore.ops.NMSWithMask")
    parser.add_argument("--lang", choices=("en", "zh"), default="en", help="language of the table")


def run(arguments: argparse.Namespace) -> int:
    """Print the differences.

    Raises:
        TableError: the names or the tables are at fault.
    """
    left, right = load_api(arguments.left), load_api(arguments.right)
    page = difference_page(left, right, load_core(left.core), arguments.lang)
    sys.stdout.write(f"{page}\n")
    return 0


def difference_page(
    left: ApiTable, right: ApiTable, core: CoreTable, language: Language = "en"
) -> str:
    """Title, all codes with what becomes of them (the worst first), and the difference table.

    Raises:
        TableError: the APIs are not of the operator ``core``.
    """
    found = differences(left, right, core)
    title = pick(_TITLE, language).format(left=left.name, right=right.name)
    worst = pick(_HEADLINE, language).format(code=headline(found).code)
    table = difference_table(left, right, core, language)
    parts = [f"# {title}", worst, _summary(found, language), table]
    return "\n\n".join(filter(None, parts))


def _summary(found: list[Difference], language: Language) -> str:
    """One line per code and action, naming what it is about."""
    lines: dict[tuple[str, str], list[str]] = {}
    for item in sorted(found, key=lambda difference: -difference.severity):
        if item.code != "same":
            action = explain_action(item.action, language)
            lines.setdefault((item.code, action), []).extend(item.names)
    line = pick(_LINE, language)
    return "\n".join(
        line.format(code=code, action=action, names=", ".join(dict.fromkeys(names)))
        for (code, action), names in lines.items()
    )
