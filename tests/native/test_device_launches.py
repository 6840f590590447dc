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
  const int64_t kLast = 2147483647;
  const int64_t large = int64_t(1) << 40;
  bool holds = shape_of_launch(1).blocks == 1 && shape_of_launch(256).blocks == 1;
  holds = holds && shape_of_launch(257).blocks == 2;
  holds = holds && shape_of_launch(int64_t(1) << 31).blocks == 1u << 23;
  holds = holds && shape_of_launch(large).blocks == kMostBlocks;
  holds = holds && shape_of_crews(5, 32, 132).blocks == 5 && shape_of_crews(5, 8, 1).threads == 256;
  holds = holds && shape_of_crews(large, 32, 132).blocks == 264;
  holds = holds && shape_of_crews(large, 1, 132).blocks == 8448;
  holds = holds && shape_of_warps(33, 132).blocks == 2 && shape_of_warps(large, 132).blocks == 1056;
  holds = holds && shape_of_teams(9).blocks == 3 && shape_of_teams(9).threads == 128;
  holds = holds && shape_of_teams(large * 8).blocks == kMostBlocks;
  for (int64_t by = 1; by <= kLast; by = by * 3 / 2 + 1) {
    const Divisor divisor = divisor_of(by);
    for (int64_t near = 0; near <= kLast; near = near * 5 / 4 + by) {
      const int64_t whole = near / by * by;
      for (int64_t value : {near, whole, whole > 0 ? whole - 1 : 0, kLast}) {
        holds = holds && divided(uint32_t(value), divisor) == value / by;
      }
    }
  }
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
