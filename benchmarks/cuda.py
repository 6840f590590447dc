"""Times the CUDA kernels beside torchvision's on one GPU: `python benchmarks/cuda.py`.

Prints a table and writes a JSON file after every row, so that a run that is cut short leaves what
it has. A row that fails says so and the next one follows. With `--device cpu --quick` the same
rows run, small, on the processor: a try-out of this command, not a measurement.
"""

from __future__ import annotations

import argparse
import faulthandler
import itertools
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parents[1]
if TYPE_CHECKING:
    from benchmarks.cuda_rows import Row

RESULTS = ROOT / "benchmarks" / "results" / "cuda.json"
HEADING = (
    f"{'row':42} {'ours us':>9} {'theirs us':>10} {'ratio':>8} {'goal':>6} {'gpu us':>9} "
    f"{'theirs':>9} {'host us':>8} {'launches':>8} {'peak MB':>8}  agreement"
)
GRACE_SECONDS = 60


def main(arguments: list[str] | None = None) -> int:
    options = _parsed(arguments)
    import torch

    from benchmarks.cuda_rows import rows
    from benchmarks.cuda_timing import Clock, measured, replayed

    if options.device == "cuda" and not torch.cuda.is_available():
        print("no CUDA device")
        return 0
    # A kernel that never ends would hold the machine: what was written until then stays.
    faulthandler.dump_traceback_later(options.seconds + GRACE_SECONDS, exit=True)
    clock, start = Clock(torch, options.device), time.monotonic()
    record: dict[str, Any] = {**clock.versions(), "quick": options.quick, "rows": []}
    chosen = [
        row
        for row in rows(torch, options.device, options.quick)
        if not options.operators or row.operator in options.operators
    ]
    print(HEADING)
    captured = []
    for row in chosen:
        if time.monotonic() - start > options.seconds:
            entry = {"row": row.name, "operator": row.operator, "status": "not started"}
        else:
            entry = measured(clock, row, options.row_seconds)
        record["rows"].append(entry)
        print(_line(row, entry), flush=True)
        if row.capturable and entry["status"] == "measured":
            captured.append((row, entry))
        _write(options.json, record)
    # Last, because a capture that fails leaves the process in a state that others cannot work in.
    for name, (row, entry) in itertools.product(("ours", "theirs"), captured):
        if time.monotonic() - start > options.seconds or (name == "theirs" and not row.theirs):
            continue
        replay = replayed(clock, row, name, options.row_seconds)
        entry["graph"] = {**entry.get("graph", {}), name: replay}
        print(f"{row.name:42} graph {name} {replay}", flush=True)
        _write(options.json, record)
        if isinstance(replay, str):
            break
    faulthandler.cancel_dump_traceback_later()
    return 0


def _parsed(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=150, help="no row starts after these")
    parser.add_argument("--row-seconds", type=float, default=0.5, help="about so long takes a row")
    parser.add_argument("--operators", nargs="*", default=[], help="only rows of these operators")
    parser.add_argument("--json", "--out", type=Path, default=RESULTS)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--quick", action="store_true", help="a hundredth of the sizes")
    return parser.parse_args(arguments)


def _line(row: Row, entry: dict[str, Any]) -> str:
    if entry["status"] != "measured":
        return f"{row.name:42} {entry['status'].splitlines()[0][:150]}"
    ours, theirs = entry["ours"], entry.get("theirs", {})
    peak = ours.get("peak_bytes")
    return (
        f"{row.name:42} {_number(ours['us'], 9)} {_number(theirs.get('us'), 10)} "
        f"{_number(entry.get('ratio'), 8, 2)} {_number(row.goal, 6, 0)} "
        f"{_number(ours.get('gpu_us'), 9)} {_number(theirs.get('gpu_us'), 9)} "
        f"{_number(ours['host_us'], 8)} {_number(ours.get('launches'), 8, 0)} "
        f"{_number(None if peak is None else peak / 1e6, 8)}  {entry['agreement']} {_limits(entry)}"
    )


def _limits(entry: dict[str, Any]) -> str:
    """What a row must not exceed, and whether it does."""
    return " ".join(
        f"[{name} {'<=' if limit['met'] else 'above'} {limit['limit']:g}]"
        for name, limit in entry["limits"].items()
    )


def _number(value: float | None, width: int, digits: int = 1) -> str:
    return f"{'-' if value is None else format(value, f'.{digits}f'):>{width}}"


def _write(path: Path, record: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    # A script has its folder on the path, where this file has the name of another package.
    sys.path[:] = [str(ROOT), *(each for each in sys.path if each != str(ROOT / "benchmarks"))]
    sys.exit(main())
