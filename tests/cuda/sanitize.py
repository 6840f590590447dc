"""compute-sanitizer's four tools over a few calls of every operator.

`python tests/cuda/sanitize.py --json PATH`. The tools run at the same time, each in its own
process. Exit status 1: one found something.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

TOOLS = ("memcheck", "racecheck", "initcheck", "synccheck")
FOLDER = Path(__file__).resolve().parent
SUMMARY = re.compile(r"^=+ .*SUMMARY.*$", re.MULTILINE)
CLEAN = re.compile(r"SUMMARY: 0 (errors|hazards)")
# With the allocator of PyTorch between, memory beyond a tensor or of an old one looks sound.
ENVIRONMENT = {"PYTORCH_NO_CUDA_MEMORY_CACHING": "1", "CUDA_MODULE_LOADING": "LAZY"}


def find_sanitizer() -> str | None:
    """The program, on the path or where the toolkit puts it."""
    homes = [os.environ.get("CUDA_HOME", ""), "/usr/local/cuda"]
    places = [f"{home}/{sub}" for home in homes if home for sub in ("bin", "compute-sanitizer")]
    return shutil.which("compute-sanitizer") or shutil.which(
        "compute-sanitizer", path=os.pathsep.join(places)
    )


def run_tools(program: list[str], seconds: float) -> dict[str, dict[str, Any]]:
    """What every tool says about `sanitized.py`; `program` is the sanitizer's command."""
    with ThreadPoolExecutor(len(TOOLS)) as pool:
        found = pool.map(lambda tool: _run_tool(program, tool, seconds), TOOLS)
        return dict(zip(TOOLS, found, strict=True))


def _run_tool(program: list[str], tool: str, seconds: float) -> dict[str, Any]:
    command = [
        *program,
        *("--tool", tool, "--print-limit", "10", "--error-exitcode", "99"),
        *(sys.executable, str(FOLDER / "sanitized.py"), "--seconds", str(seconds / 2)),
    ]
    paths = [str(FOLDER), str(FOLDER.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, **ENVIRONMENT, "PYTHONPATH": os.pathsep.join(paths)}
    start = time.monotonic()
    process = subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=seconds)
        ended = True
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, ended = process.communicate()[0], False
    return {
        **_judged(output, process.returncode, ended),
        "seconds": round(time.monotonic() - start),
    }


def _judged(output: str, exit_status: int, ended: bool) -> dict[str, Any]:
    """Clean: the program ended well, and the tool says that it found nothing."""
    summary = SUMMARY.findall(output)
    clean = ended and exit_status == 0 and bool(summary) and all(map(CLEAN.search, summary))
    found: dict[str, Any] = {"clean": clean, "ended": ended, "exit_status": exit_status}
    found["summary"] = [line.strip("= ") for line in summary]
    found["program"] = [line for line in output.splitlines() if " cases differ, " in line]
    if not clean:
        found["output"] = output[:6000] + ("\n...\n" + output[-2000:] if len(output) > 8000 else "")
    return found


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="a tool is ended after these")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    program = find_sanitizer()
    if program is None:
        print("no compute-sanitizer")
        return 0
    found = run_tools([program], options.seconds)
    for tool, result in found.items():
        print(
            f"{tool:10} {'clean' if result['clean'] else 'NOT CLEAN'} {result['seconds']} s",
            end=" ",
        )
        print(*result["summary"], *result["program"], sep=" | ")
        print(result.get("output", ""))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    return 0 if all(result["clean"] for result in found.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
