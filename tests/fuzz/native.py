"""Fuzzes the kernels and the binding with libFuzzer: `python native.py nms --seconds 600`.

Builds one target from the sources (native/CMakeLists.txt; CMake and the C++ compiler of the wheel)
and runs it with what lies in corpus/native/<target>.
"""

from __future__ import annotations

import argparse
import importlib.util
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
TARGETS = ("nms", "soft_nms", "regions", "boxes", "arguments")
MOST_BYTES = 4096
LEAKS = HERE.parent / "sanitizers" / "leaks.txt"


def built(targets: Sequence[str], folder: Path) -> list[Path]:
    """The libraries of targets; what an earlier call compiled is used again."""
    launcher = shutil.which("ccache")
    options = ["-G", "Ninja", *([f"-DCMAKE_CXX_COMPILER_LAUNCHER={launcher}"] if launcher else [])]
    names = [f"fuzz_{target}" for target in targets]
    subprocess.run(["cmake", *options, "-S", HERE / "native", "-B", folder], check=True)
    subprocess.run(["cmake", "--build", folder, "--target", *names], check=True)
    return [folder / f"lib{name}.so" for name in names]


def preloaded() -> str:
    """What has to be loaded before Python: libFuzzer, the run time of the sanitizer, and C++.

    libFuzzer is the one in atheris' wheel, so that no machine needs clang. It is the first, as the
    run time has functions of the same names that note nothing.
    """
    found = importlib.util.find_spec("atheris")
    if found is None or found.origin is None:
        sys.exit("atheris is not installed: its wheel brings libFuzzer")
    libfuzzer = next(Path(found.origin).parent.glob("core_with_libfuzzer.*.so"))
    names = ("libasan.so", "libstdc++.so.6")
    asked = [["c++", f"-print-file-name={name}"] for name in names]
    found_by_compiler = [subprocess.check_output(each, text=True).strip() for each in asked]
    return " ".join([str(libfuzzer), *found_by_compiler])


def command(library: Path, target: str, seconds: int, seed: int) -> list[str | Path]:
    """What fuzzes a target; it ends with an error for an input that the target does not bear."""
    found = tempfile.mkdtemp(prefix=f"opsbridge-corpus-{target}-")
    settings = {
        "ASAN_OPTIONS": "allocator_may_return_null=1:malloc_context_size=2:"
        "verify_asan_link_order=0",
        "LSAN_OPTIONS": f"suppressions={LEAKS}:print_suppressions=0",
        "UBSAN_OPTIONS": "print_stacktrace=1:abort_on_error=1",
        "LD_PRELOAD": preloaded(),
    }
    options = [f"-max_total_time={seconds}", f"-seed={seed}", f"-max_len={MOST_BYTES}",
               "-timeout=20", "-rss_limit_mb=2048", "-print_final_stats=1"]  # fmt: skip
    return ["env", *(f"{name}={value}" for name, value in settings.items()), sys.executable,
            HERE / "native" / "driver.py", library, *options, found,
            HERE / "corpus" / "native" / target]  # fmt: skip


def main() -> int:
    """Fuzz; an input that a target does not bear is left in the working folder and ends it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--seed", type=int, default=0, help="0: other inputs in every run")
    parser.add_argument("--build", type=Path, default=Path("fuzz-build"), help="folder to build in")
    asked = parser.parse_args()
    [library] = built([asked.target], asked.build.resolve())
    return subprocess.run(command(library, asked.target, asked.seconds, asked.seed)).returncode


if __name__ == "__main__":
    sys.exit(main())
