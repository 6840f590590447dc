"""libFuzzer on a library that GCC instrumented finds what lies behind comparisons, and tells."""

from __future__ import annotations

import importlib
import subprocess
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("atheris", reason="its wheel brings libFuzzer")
native: Any = importlib.import_module("native")

TARGET = r"""
#include <cstdint>
#include <cstdlib>
#include <cstring>
int* volatile kept;
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  uint32_t word = 0;
  if (size >= 4) std::memcpy(&word, data, 4);
  int volatile largest = 2147483647;
  if (word == 0x5eed5eed) FAULT;
  return 0;
}
"""
FAULTS = {
    "kept = new int[3]; kept[3] = 1; delete[] kept": "heap-buffer-overflow",
    "largest = largest + 1": "signed integer overflow",
    "kept = new int[3]; kept = nullptr": "detected memory leaks",
}
FLAGS = ("-std=c++17", "-O1", "-fPIC", "-fsanitize=address,undefined",
         "-fno-sanitize-recover=all")  # fmt: skip
NOTED = ("-fsanitize-coverage=trace-pc,trace-cmp", "-fno-sanitize=object-size")


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_behind_a_comparison_is_found(tmp_path: Path, fault: str) -> None:
    source, watched, library = (tmp_path / n for n in ("target.cc", "target.o", "target.so"))
    source.write_text(TARGET.replace("FAULT", f"{{ {fault}; }}"), encoding="utf-8")
    subprocess.run(["c++", *FLAGS, *NOTED, "-c", source, "-o", watched], check=True)
    places = native.HERE / "native" / "places.cc"
    subprocess.run(["c++", *FLAGS, "-shared", watched, places, "-o", library], check=True)
    done = subprocess.run(
        native.command(library, "nms", seconds=120, seed=1),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert FAULTS[fault] in done.stderr, done.stderr[-3000:]
    assert list(tmp_path.glob("crash-*")) or list(tmp_path.glob("leak-*"))
