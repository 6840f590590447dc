"""Extra memory of one call: the peak of a fresh process beyond its inputs and its result."""

from __future__ import annotations

import ctypes
import os
import re
import subprocess
import sys
from pathlib import Path

from benchmarks import ROOT
from benchmarks.case import Case
from benchmarks.cases import all_cases
from benchmarks.measure import rotated_inputs
from benchmarks.peers import adapter_of


def extra_bytes(case: Case, peer: str) -> int | None:
    """Measured in a child; nothing where the system does not tell, or the peer cannot run."""
    child = [sys.executable, "-m", "benchmarks.memory", case.name, peer]
    # Found from the checkout even where the working folder is kept off the path.
    environment = {**os.environ, "PYTHONSAFEPATH": ""}
    done = subprocess.run(
        child, capture_output=True, text=True, check=False, cwd=ROOT, env=environment
    )
    return int(done.stdout) if done.returncode == 0 else None


def _resident(what: str) -> int:
    status = Path("/proc/self/status").read_text()
    found = re.search(rf"^{what}:\s+(\d+) kB$", status, re.MULTILINE)
    assert found is not None, f"/proc/self/status has no {what}"
    return int(found.group(1)) << 10


def _measure(name: str, peer: str) -> int:
    cases = all_cases()
    case = next(case for case in cases if case.name == name)
    alike = [other for other in cases if other.operator == case.operator and peer in other.peers]
    for chosen in (min(alike, key=lambda other: other.size), case):
        # The smallest case first: what is loaded and kept once is no memory of a call.
        given = rotated_inputs(chosen)[0]
        adapter = adapter_of(peer, chosen.operator, chosen.threads)
        call = adapter.prepare(given, chosen.options)
        ctypes.CDLL(None).malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5")
        before = _resident("VmRSS")
        result = call()
        peak = _resident("VmHWM")
    output = sum(array.nbytes for array in adapter.read(result, given).values())
    return max(peak - before - output, 0)


if __name__ == "__main__":
    print(_measure(*sys.argv[1:]))
