"""`benchmarks/cuda.py` on the processor: the rows run, and what cannot run says why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("torchvision")

from benchmarks import cuda  # noqa: E402
from benchmarks.cuda_rows import Row, rows  # noqa: E402
from benchmarks.cuda_timing import Clock, measured  # noqa: E402
from opsbridge.errors import DeviceError  # noqa: E402

TRY_OUT = ("--device", "cpu", "--quick", "--row-seconds", "0")


def run(path: Path, *options: str) -> list[dict[str, Any]]:
    assert cuda.main([*TRY_OUT, "--json", str(path), *options]) == 0
    found: list[dict[str, Any]] = json.loads(path.read_text())["rows"]
    return found


def test_every_goal_has_a_row(tmp_path: Path) -> None:
    found = run(tmp_path / "cuda.json")
    assert len(found) == len({row["row"] for row in found}) > 25
    assert {row["status"] for row in found} <= {"measured", "no kernel"}
    goals = sorted(row["goal"] for row in found if row["goal"])
    assert goals == sorted([5, 6, 80, 10, 50, 1000, 12, 15, 120, 3, 4, 4, 5, 5, 3, 3, 5, 5])
    for row in found:
        if row["status"] == "measured" and "theirs" in row:
            assert row["ratio"] == pytest.approx(row["theirs"]["us"] / row["ours"]["us"])


def test_rows_can_be_chosen_and_wait_for_no_time(tmp_path: Path) -> None:
    found = run(tmp_path / "cuda.json", "--operators", "box_iou", "--seconds", "-1")
    assert [row["status"] for row in found] == ["not started"] * 2


def test_a_row_that_fails_says_so() -> None:
    def broken(error: Exception) -> Any:
        def make(value: Any) -> Any:
            raise error

        return measured(clock, Row("it", "it", lambda: [(1,)], make), 0)["status"]

    clock = Clock(torch, "cpu")
    assert broken(DeviceError("it: kernels for cpu only")) == "no kernel"
    assert broken(ValueError("no such thing")) == "failed: ValueError: no such thing"


def test_results_that_differ_are_told() -> None:
    clock = Clock(torch, "cpu")
    row = Row(
        "it",
        "it",
        lambda: [(torch.zeros(3),)],
        lambda zeros: lambda: zeros,
        lambda zeros: lambda: zeros + torch.tensor([0.0, 0.0, 0.5]),
        limits={"host_us": 0.0},
    )
    entry = measured(clock, row, 0)
    assert entry["agreement"] == "within 5.0e-01 of 5.0e-01"
    assert not entry["limits"]["host_us"]["met"]
    assert all(len(each.inputs()) > 1 for each in rows(torch, "cpu", True))
