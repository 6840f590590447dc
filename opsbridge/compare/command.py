"""`opsbridge compare`: the same inputs and weights through two networks, layer by layer."""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from opsbridge.compare.deviations import Deviation, deviations
from opsbridge.errors import ArgumentError

_FRAMEWORKS = ("mindspore", "surface", "torch")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the subcommand."""
    help_on = "where it runs: real MindSpore, opsbridge's surface, or PyTorch (translated)"
    parser.add_argument("a", metavar="A", help="path/to/file.py:callable that builds the network")
    parser.add_argument("b", metavar="B", help="the same, for the ported network")
    parser.add_argument("--a-on", choices=_FRAMEWORKS, default="mindspore", help=help_on)
    parser.add_argument("--b-on", choices=_FRAMEWORKS, default="surface", help=help_on)
    parser.add_argument(
        "--checkpoint", default="", metavar="FILE", help="a .ckpt for both; else random weights"
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="of random weights and inputs"
    )
    parser.add_argument(
        "--inputs",
        required=True,
        metavar="FILE|SHAPES",
        help="an .npz file, or shapes of random float32: 1x3x64x64,1x4",
    )
    parser.add_argument(
        "--tolerance", type=float, default=1e-4, metavar="X", help="relative; default 1e-4"
    )
    parser.add_argument(
        "--top", type=int, default=10, metavar="N", help="how many deviations are shown"
    )
    parser.add_argument("--json", metavar="FILE", help="also write all layers as JSON")
    parser.add_argument("--plot", metavar="FILE.svg", help="also draw them (takes matplotlib)")
    parser.add_argument(
        "--timeout", type=float, default=600, metavar="SECONDS", help="for each side; default 600"
    )


def run(args: argparse.Namespace) -> int:
    """Compare and report; 1 if a layer deviates by more than the tolerance."""
    with tempfile.TemporaryDirectory() as folder:
        inputs = _inputs(args.inputs, args.seed, Path(folder))
        sides = []
        for side in ("a", "b"):
            out = Path(folder, side)
            out.mkdir()
            factory, framework = getattr(args, side), getattr(args, f"{side}_on")
            _run_side(framework, factory, args, inputs, out)
            sides.append(out)
        found = deviations(*sides)
    print("\n".join(table(found, args.tolerance, args.top)))
    if args.json:
        report = {"tolerance": args.tolerance, "layers": [dataclasses.asdict(d) for d in found]}
        Path(args.json).write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    if args.plot:
        importlib.import_module("opsbridge.compare.plot").draw(found, args.tolerance, args.plot)
    return int(any(each.relative > args.tolerance for each in found))


def table(found: list[Deviation], tolerance: float, top: int) -> list[str]:
    """The largest deviations, and the first layer beyond the tolerance."""
    largest = sorted(found, key=lambda each: -each.relative)[:top]
    lines = [f"{'relative':>9}  {'absolute':>9}  layer"]
    lines += [f"{each.relative:9.1e}  {each.absolute:9.1e}  {_layer(each)}" for each in largest]
    first = next((each for each in found if each.relative > tolerance), None)
    ending = f"first layer that differs: {first.path}" if first else "no layer differs"
    return [*lines, f"{len(found)} layers compared; tolerance {tolerance:g}; {ending}"]


def _inputs(spec: str, seed: int, folder: Path) -> Path:
    if spec.endswith(".npz"):
        if not Path(spec).is_file():
            raise ArgumentError(f"--inputs {spec}: there is no such file")
        return Path(spec)
    try:
        shapes = [[int(length) for length in shape.split("x")] for shape in spec.split(",")]
    except ValueError:
        raise ArgumentError(f"--inputs {spec}: write FILE.npz or 1x3x64x64,1x4") from None
    draws = np.random.default_rng(seed)
    arrays = [draws.standard_normal(shape).astype(np.float32) for shape in shapes]
    np.savez(folder / "inputs.npz", *arrays)
    return folder / "inputs.npz"


def _run_side(
    framework: str, factory: str, args: argparse.Namespace, inputs: Path, out: Path
) -> None:
    words = (framework, factory, args.checkpoint, str(args.seed), str(inputs), str(out))
    try:
        child = subprocess.run(
            [sys.executable, "-m", "opsbridge.compare.run_child", *words],
            capture_output=True,
            text=True,
            timeout=args.timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ArgumentError(f"{factory} took longer than {args.timeout:g} s") from None
    if child.returncode:
        last = child.stderr.strip().splitlines()[-1:] or [f"exit status {child.returncode}"]
        raise ArgumentError(f"{factory} on {framework}: {last[0]}")


def _layer(each: Deviation) -> str:
    return f"{each.path} ({each.kind}) {each.note}".rstrip()
