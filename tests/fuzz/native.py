"""Fuzzes the kernels and the binding with libFuzzer: `python native.py nms --seconds 600`.

Builds one target from the sources (native/CMakeLists.txt; CMake, a C++ compiler, and clang for its
run time are needed) and runs it with what lies in corpus/native/<target>.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
TARGETS = ("nms", "soft_nms", "regions", "boxes", "arguments")
MOST_BYTES = 4096


def built(target: str, folder: Path) -> Path:
    """The program of a target; what an earlier call compiled is used again."""
    launcher = shutil.which("ccache")
    options = ["-G", "Ninja", *([f"-DCMAKE_CXX_COMPILER_LAUNCHER={launcher}"] if launcher else [])]
    subprocess.run(["cmake", *options, "-S", HERE / "native", "-B", folder], check=True)
    subprocess.run(["cmake", "--build", folder, "--target", f"fuzz_{target}"], check=True)
    return folder / f"fuzz_{target}"


def main() -> int:
    """Fuzz; an input that a target does not bear is left in the working folder and ends it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--build", type=Path, default=Path("fuzz-build"), help="folder to build in")
    asked = parser.parse_args()
    program = built(asked.target, asked.build.resolve())
    found = tempfile.mkdtemp(prefix=f"opsbridge-corpus-{asked.target}-")
    options = [f"-max_total_time={asked.seconds}", f"-max_len={MOST_BYTES}", "-timeout=20",
               "-rss_limit_mb=2048", "-print_final_stats=1"]  # fmt: skip
    environment = {**os.environ, "ASAN_OPTIONS": "allocator_may_return_null=1",
                   "UBSAN_OPTIONS": "print_stacktrace=1"}  # fmt: skip
    corpus = HERE / "corpus" / "native" / asked.target
    return subprocess.run([program, *options, found, corpus], env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
