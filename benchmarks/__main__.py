"""`python -m benchmarks`: run the cases, print them, and write JSON and plots."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.case import Case, select
from benchmarks.cases import all_cases
from benchmarks.ceilings import measured_ceilings
from benchmarks.measure import Estimates, measure, not_measured
from benchmarks.memory import extra_bytes
from benchmarks.peers import DISTRIBUTIONS, load_all, version_of
from benchmarks.results import CaseResult, Run, load, save

FULL_SECONDS, QUICK_SECONDS = 1_200.0, 60.0
PATIENCE = 1 / 40
"""The part of the budget that one call of one peer may take."""


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    made.add_argument("--quick", action="store_true", help="small sizes only, under two minutes")
    made.add_argument("--only", default="", metavar="PATTERN", help="words of a case's name")
    made.add_argument("--threads", default="1,2", help="numbers of threads (default: 1,2)")
    made.add_argument("--out", type=Path, default=Path("bench-results"), metavar="DIR")
    made.add_argument("--budget", type=float, metavar="SECONDS", help="bound of the whole run")
    made.add_argument("--list", action="store_true", help="print the cases and run nothing")
    made.add_argument("--report", type=Path, metavar="FILE", help="print a JSON file as Markdown")
    made.add_argument("--into", type=Path, metavar="PAGE", help="put the report in a page instead")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """0; 1 if opsbridge failed or differs from a base; 2 if the arguments lead nowhere."""
    options = parser().parse_args(arguments)
    if options.report:
        return _report(load(options.report), options.into)
    threads = {int(number) for number in options.threads.split(",")}
    chosen = select(all_cases(), options.quick, threads, options.only)
    if options.list:
        for case in chosen:
            print(f"{case.name}: {', '.join(case.peers)}")
        return 0
    if not chosen:
        print("no case has all these words in its name; --list shows the names", file=sys.stderr)
        return 2
    budget = options.budget or (QUICK_SECONDS if options.quick else FULL_SECONDS)
    run = _run(chosen, budget, options)
    return int(any(_ours_is_wrong(case) for case in run.cases))


def _report(run: Run, page: Path | None) -> int:
    """Print the Markdown, or replace what a page has below its heading `Figures`."""
    text = report.markdown(run)
    if page is None:
        print(text, end="")
        return 0
    above, heading, _ = page.read_text().partition("\n## Figures\n")
    if not heading:
        print(f"{page} has no heading `## Figures`", file=sys.stderr)
        return 2
    page.write_text(f"{above}{heading}\n{text}")
    return 0


def _run(chosen: list[Case], budget: float, options: argparse.Namespace) -> Run:
    from rich.console import Console

    console = Console(width=None if sys.stdout.isatty() else 150)
    settings = {"quick": options.quick, "only": options.only, "budget": budget}
    run = Run(machine(), {}, settings, measured_ceilings(), [])
    _measure_all(chosen, budget, run, console)
    run.versions = versions()
    run.machine["load_at_end"] = os.getloadavg()[0]
    options.out.mkdir(parents=True, exist_ok=True)
    written = options.out / "results.json"
    save(run, written)
    report.print_summary(console, run)
    from benchmarks.plots import draw

    console.print(report.machine_line(run), highlight=False)
    console.print(f"wrote {written} and {len(draw(run, options.out))} plots beside it")
    return run


def _measure_all(chosen: list[Case], budget: float, run: Run, console: Any) -> None:
    """Every case in turn, sharing out what is left of the budget."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    with console.status("importing the peers"):
        load_all(peer for case in chosen for peer in case.peers)
    began = time.perf_counter()
    estimates = Estimates()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as progress:
        task = progress.add_task("", total=len(chosen))
        for number, case in enumerate(chosen):
            progress.update(task, description=case.name)
            left = budget - (time.perf_counter() - began)
            share = max(left, 0) / (len(chosen) - number)
            if left > 0:
                outcome = measure(case, estimates, share, budget * PATIENCE)
            else:
                outcome = not_measured(case, "the budget is spent")
            for peer in case.memory:
                found = outcome.find(peer)
                if found is not None and found.seconds:
                    found.extra_bytes = extra_bytes(case, peer)
            run.cases.append(outcome)
            report.print_case(progress.console, outcome)
            progress.advance(task)


def _ours_is_wrong(case: CaseResult) -> bool:
    return any(
        peer.status == "failed" or peer.agreement == "differs"
        for peer in case.peers
        if peer.peer.startswith("opsbridge")
    )


def machine() -> dict[str, Any]:
    """What the figures depend on, beside the versions."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "system": platform.platform(),
        "isa": os.environ.get("OPSBRIDGE_ISA", "widest"),
        "load_at_start": os.getloadavg()[0],
    }


def _processor() -> str:
    """Name, family and model, where the system tells."""
    try:
        told = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor()
    fields = dict(re.findall(r"^(model name|cpu family|model)\s*:\s*(.*?)\s*$", told, re.MULTILINE))
    numbers = (fields.get("cpu family", "?"), fields.get("model", "?"))
    return "{} (family {}, model {})".format(
        fields.get("model name", platform.processor()), *numbers
    )


def versions() -> dict[str, str]:
    """Python, NumPy and every peer that is installed."""
    found = {"Python": platform.python_version(), "numpy": importlib.metadata.version("numpy")}
    for name in DISTRIBUTIONS:
        version = version_of(name)
        if version:
            found[name] = version
    return found


if __name__ == "__main__":
    sys.exit(main())
