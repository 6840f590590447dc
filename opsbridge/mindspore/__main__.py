"""`python -m opsbridge.mindspore run script.py [args]`: import mindspore means opsbridge in it."""

from __future__ import annotations

import argparse
import runpy
import sys
from pathlib import Path

from opsbridge.mindspore.alias import as_mindspore


def main(argv: list[str] | None = None) -> int:
    """Run a script, with the arguments after it as its own; return 0 when it ends."""
    parser = argparse.ArgumentParser(prog="python -m opsbridge.mindspore", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="run a script; import mindspore means opsbridge in it")
    run.add_argument(
        "--version",
        help="the MindSpore that the script is written for, where a call has changed its meaning",
    )
    run.add_argument("script", type=Path)
    run.add_argument("arguments", nargs=argparse.REMAINDER)
    given = parser.parse_args(argv)
    if not given.script.is_file():
        parser.error(f"there is no script {given.script}")
    before = sys.argv, sys.path[:]
    sys.argv = [str(given.script), *given.arguments]
    sys.path[:0] = [str(given.script.resolve().parent)]
    try:
        with as_mindspore(given.version):
            runpy.run_path(str(given.script), run_name="__main__")
    finally:
        sys.argv, sys.path[:] = before
    return 0


if __name__ == "__main__":
    sys.exit(main())
