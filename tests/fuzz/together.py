"""Fuzzes targets side by side, as many as there are cores: `python together.py native --seed 1`.

Each has a folder of its own below the working folder, for its output and for an input that it does
not bear. With a seed the same inputs come in every run, as far as the time goes.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
# tox keeps the folder of a script off the path.
sys.path[:0] = [str(HERE), str(HERE.parent)]
import native  # noqa: E402
from trust_record import write_run  # noqa: E402

READERS = ("table", "core_table", "page", "checkpoint", "source")
_RUNS = re.compile(r"stat::number_of_executed_units:\s*(\d+)")


@dataclass(frozen=True)
class Target:
    """What is fuzzed, and the command that does it."""

    name: str
    command: list[str | Path]


@dataclass(frozen=True)
class Result:
    """How many inputs a target was given, whether it bore them, and what was printed."""

    target: Target
    inputs: int
    is_good: bool
    output: str


def targets(kinds: list[str], seconds: int, seed: int) -> Iterator[Target]:
    """The targets of a kind; native ones are compiled first."""
    if "native" in kinds:
        libraries = native.built(native.TARGETS, Path("fuzz-build").resolve())
        for name, library in zip(native.TARGETS, libraries, strict=True):
            yield Target(name, native.command(library, name, seconds, seed))
    if "readers" in kinds:
        for name in READERS:
            options = [f"--seconds={seconds}", f"--seed={seed}"]
            yield Target(name, [sys.executable, HERE / "fuzz.py", name, *options])


def fuzz(target: Target) -> Result:
    """Fuzz one target and say what came of it."""
    folder = Path("fuzz-output") / target.name
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        target.command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    output = done.stdout.decode(errors="replace")
    (folder / "output.txt").write_text(output, encoding="utf-8")
    runs = _RUNS.search(output)
    is_good = done.returncode == 0 and runs is not None
    print(f"{target.name}: {f'{int(runs[1]):,}' if runs else 'no'} inputs", flush=True)
    return Result(target, int(runs[1]) if runs else 0, is_good, output)


def main() -> int:
    """Fuzz all targets of the kinds that are asked for; 1 if one does not bear an input."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", choices=("readers", "native"), nargs="+")
    parser.add_argument("--seconds", type=int, default=600, help="for each target")
    parser.add_argument("--seed", type=int, default=0, help="0: other inputs in every run")
    parser.add_argument("--record", type=Path, help="JSON file for what was run")
    parser.add_argument("--command", default="fuzz", help="how the record calls this run")
    asked = parser.parse_args()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(fuzz, targets(asked.kinds, asked.seconds, asked.seed)))
    for each in results:
        if not each.is_good:
            print(f"\n{each.target.name} failed:\n{each.output[-6000:]}")
    if asked.record:
        again = f"--seconds {asked.seconds} --seed {asked.seed}"
        write_run(asked.record, asked.command, [_entry(each) for each in results], again)
    return 0 if all(each.is_good for each in results) else 1


def _entry(result: Result) -> dict[str, object]:
    return {"what": result.target.name, "peer": "libFuzzer", "cases": result.inputs, "tests": 1,
            "failed": int(not result.is_good)}  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
