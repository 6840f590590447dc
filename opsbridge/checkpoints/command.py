"""`opsbridge convert-checkpoint`: weights from MindSpore to PyTorch and back."""

from __future__ import annotations

import argparse
from pathlib import Path

from opsbridge.checkpoints import report
from opsbridge.checkpoints.convert import convert_checkpoint
from opsbridge.errors import ArgumentError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the subcommand."""
    parser.add_argument("source", metavar="SRC", help="a .ckpt, .safetensors, .pth or .pt file")
    parser.add_argument(
        "-o", "--out", required=True, metavar="FILE", help="the file to write; its suffix decides"
    )
    parser.add_argument(
        "--model",
        default="",
        metavar="PATH.py:CALLABLE",
        help="a function that builds the network: names by its layers, shapes checked",
    )
    parser.add_argument(
        "--keep-optimizer",
        action="store_true",
        help="keep slots of the optimizer, which are dropped",
    )
    parser.add_argument("--force", action="store_true", help="replace a file that is there")
    parser.add_argument(
        "--report", metavar="FILE", help="also write the report of all tensors: .json or .md"
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="print every tensor")


def run(args: argparse.Namespace) -> int:
    """Convert and report; 1 if a tensor is missing, unused or misshapen."""
    written = {".json": report.as_json, ".md": report.markdown}
    if args.report and Path(args.report).suffix not in written:
        raise ArgumentError(f"--report {args.report}: write .json or .md")
    if Path(args.out).exists() and not args.force:
        raise ArgumentError(f"{args.out} exists; --force replaces it")
    done = convert_checkpoint(
        args.source, args.out, model=args.model, keep_optimizer=args.keep_optimizer
    )
    if args.report:
        text = written[Path(args.report).suffix](done)
        Path(args.report).write_text(text, encoding="utf-8")
    print(report.terminal(done, everything=args.verbose))
    return 0 if done.is_complete() else 1
