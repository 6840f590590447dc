"""How work is cut into launches of a GPU."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from device_on_host import CSRC

LAUNCHES = """
#include <initializer_list>
#include "cuda/launch.h"
using namespace opsbridge;
static_assert(kThreadsPerBlock == 256, "");
int main() {
  const int64_t large = int64_t(1) << 40;
  bool holds = shape_of_launch(1).blocks == 1 && shape_of_launch(256).blocks == 1;
  holds = holds && shape_of_launch(257).blocks == 2;
  holds = holds && shape_of_launch(int64_t(1) << 31).blocks == 1u << 23;
  holds = holds && shape_of_launch(large).blocks == kMostBlocks;
  holds = holds && shape_of_warps(33, 132).blocks == 2 && shape_of_warps(large, 132).blocks == 1056;
  for (int64_t value : {int64_t(0), int64_t(7), (int64_t(1) << 31) + 5, large + 12345}) {
    for (int64_t by : {int64_t(1), int64_t(49), (int64_t(1) << 32) + 3}) {
      const Division d = divided(value, by);
      holds = holds && d.quotient == value / by && d.remainder == value % by;
    }
  }
  return holds ? 0 : 1;
}
"""


def test_launches_of_any_size(tmp_path: Path) -> None:
    compiler = shutil.which("c++")
    if compiler is None:
        pytest.skip("no C++ compiler")
    source = tmp_path / "launches.cc"
    source.write_text(LAUNCHES)
    include = (f"-I{CSRC}", f"-I{CSRC / 'include'}")
    subprocess.run([compiler, "-std=c++17", *include, source, "-o", tmp_path / "run"], check=True)
    assert subprocess.run([tmp_path / "run"]).returncode == 0
