"""``opsbridge new-framework NAME``: the first table of a framework, valid and made to change."""

from __future__ import annotations

import argparse
import keyword
import sys
from pathlib import Path

from opsbridge.errors import ArgumentError
from opsbridge.tables.load import load_api, table_root

_MODEL = "torchvision/nms"
_NEXT = """\
{path}: a copy of {model} under the name of {name}. Next:
1. Write what {name} does into it: parameters in order, returns, every convention, evidence.
   All conventions and their values: opsbridge explain {model_name}; the format: mappings/README.md.
2. Check it: opsbridge tables lint {folder}
3. Use it: OPSBRIDGE_MAPPINGS={folder}, then `from opsbridge.{name}.ops import nms`.
4. See its differences: opsbridge diff {name}.ops.nms mindspore.ops.NMSWithMask
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``opsbridge new-framework``."""
    parser.add_argument("name", metavar="NAME", help="the framework as Python imports it")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("mappings"),
        metavar="DIR",
        help="folder of tables (default: mappings)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the table, and say what comes next.

    Raises:
        ArgumentError: the name is none, or the table is already there.
    """
    name, folder = arguments.name, arguments.out
    if not name.isidentifier() or keyword.iskeyword(name) or name == "core":
        raise ArgumentError(f"{name!r} is no name that Python can import")
    path = folder / name / "nms.toml"
    if path.exists():
        raise ArgumentError(f"{path} is already there")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_table(name), encoding="utf-8")
    sys.stdout.write(
        _NEXT.format(
            path=path, model=_MODEL, name=name, folder=folder, model_name=load_api(_MODEL).name
        )
    )
    return 0


def _table(name: str) -> str:
    """The model's table as that of the new framework: names changed, deviations left out."""
    text = (table_root() / f"{_MODEL}.toml").read_text(encoding="utf-8")
    model = load_api(_MODEL)
    text = text.replace(f'framework_name = "{model.framework_name}"', f'framework_name = "{name}"')
    head, *_ = text.replace(model.framework, name).partition("[[deviations]]")
    return head.rstrip() + "\n"
