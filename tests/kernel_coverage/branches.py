"""Which branches of the kernels' headers were taken, as a build with OPSBRIDGE_COVERAGE noted.

`python branches.py BUILD` prints every header with the lines whose branches were not all taken, and
ends with an error if there is one.

Instances of a template count together: a branch of a line is taken if one of them takes it. An
instance in which a constant decides a condition has fewer branches on that line than the others;
those of one number are one shape, and each shape counts on its own. What the compiler adds is left
out: the ways out of a call that throws, and what lies on a line without code, as at a brace.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
HEADERS = ("opsbridge/csrc/ops/*.h", "opsbridge/csrc/include/opsbridge/**/*.h")

# A line and how many branches it has, with how often each was taken.
Shapes = dict[tuple[int, int], list[int]]


def noted(build: Path) -> Iterator[dict[str, Any]]:
    """What gcov says of every source that a unit of the build was compiled from."""
    notes = sorted(str(path.resolve()) for path in build.rglob("*.gcno"))
    if not notes:
        raise SystemExit(f"{build} holds no notes of gcov: it was not built for coverage")
    command = ["gcov", "--json-format", "--stdout", "--branch-probabilities", *notes]
    with tempfile.TemporaryDirectory() as folder:
        ended = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    for line in ended.stdout.splitlines():
        yield from json.loads(line)["files"]


def conditions(branches: list[dict[str, Any]]) -> list[int]:
    """How often each branch was taken, without the two ways out of a call that may throw."""
    kept: list[dict[str, Any]] = []
    for branch in branches:
        if not branch["throw"]:
            kept.append(branch)
        elif kept and kept[-1]["fallthrough"]:
            kept.pop()
    return [branch["count"] for branch in kept]


def instances(functions: list[dict[str, Any]], number: int) -> int:
    """How many functions the line is part of: instances of the innermost one around it."""
    starts = [
        (function["start_line"], function["start_column"])
        for function in functions
        if function["start_line"] <= number <= function["end_line"]
    ]
    return starts.count(max(starts)) if starts else 1


def folded(counts: list[int], copies: int) -> list[int]:
    """Branches of several instances in a row, as gcov gives those of a lambda, added up."""
    if len(counts) % copies:
        return counts
    size = len(counts) // copies
    return [sum(counts[place::size]) for place in range(size)]


def shapes_of(source: str, units: Iterable[dict[str, Any]]) -> Shapes:
    """The branches of one header, over all units that include it."""
    text = source.splitlines()
    found: Shapes = {}
    for unit in units:
        for line in unit["lines"]:
            number = line["line_number"]
            counts = conditions(line["branches"])
            if not counts or not text[number - 1].strip(" {};"):
                continue
            if "function_name" not in line:
                counts = folded(counts, instances(unit["functions"], number))
            before = found.get((number, len(counts)), [0] * len(counts))
            found[number, len(counts)] = [a + b for a, b in zip(before, counts, strict=True)]
    return found


def measured(build: Path) -> dict[str, Shapes]:
    """The branches of every header that was compiled, by its path in the checkout."""
    wanted = {path for pattern in HEADERS for path in ROOT.glob(pattern)}
    units: dict[Path, list[dict[str, Any]]] = defaultdict(list)
    for unit in noted(build):
        path = Path(unit["file"])
        if path in wanted:
            units[path].append(unit)
    return {
        path.relative_to(ROOT).as_posix(): shapes_of(path.read_text(encoding="utf-8"), units[path])
        for path in sorted(units)
    }


def taken(shapes: Shapes) -> tuple[int, int]:
    """How many branches were taken, and how many there are."""
    counts = [count for shape in shapes.values() for count in shape]
    return sum(count > 0 for count in counts), len(counts)


def report(name: str, shapes: Shapes) -> str:
    """A line for the header, and one for each of its lines with a branch that was not taken."""
    lines = ["{1:6} {2:6}  {0}".format(name, *taken(shapes))]
    text = (ROOT / name).read_text(encoding="utf-8").splitlines()
    for (number, _), counts in sorted(shapes.items()):
        if not all(counts):
            marks = "".join("+" if count else "-" for count in counts)
            lines.append(f"{number:14}: {marks}  {text[number - 1].strip()}")
    return "\n".join(lines)


def main() -> None:
    """Print every header; fail if a branch of one is not taken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", type=Path, help="folder of a build with OPSBRIDGE_COVERAGE")
    headers = measured(parser.parse_args().build)
    for name, shapes in headers.items():
        print(report(name, shapes))
    sums = [sum(column) for column in zip(*map(taken, headers.values()), strict=True)]
    print(f"{sums[0]:6} {sums[1]:6}  in all")
    missing = [name for name, shapes in headers.items() if len({*taken(shapes)}) > 1]
    if missing:
        raise SystemExit(f"branches that no test takes: {', '.join(missing)}")


if __name__ == "__main__":
    main()
