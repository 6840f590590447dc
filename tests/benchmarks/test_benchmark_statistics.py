"""Agreement, statistics, growth and the JSON file, on made-up numbers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.agreement import compare
from benchmarks.cases import all_cases
from benchmarks.measure import Estimates
from benchmarks.report import duration, markdown, peer_row, thread_lines
from benchmarks.results import (
    CaseResult,
    PeerResult,
    Run,
    Timing,
    best_rival,
    curves,
    load,
    ratio_to_base,
    save,
    slope,
)


def result(peer: str, seconds: float, agreement: str = "same") -> PeerResult:
    timing = Timing(seconds, seconds / 2, seconds * 2, 3)
    return PeerResult(peer, "measured", "", timing, timing, seconds, agreement=agreement)


def case_of(size: int, *peers: PeerResult) -> CaseResult:
    return CaseResult(
        f"nms rpn {size:,} boxes", "nms", "rpn", size, "boxes", 1, 4,
        {"bytes": 20.0 * size, "operations": 30.0 * size}, list(peers),
    )  # fmt: skip


@pytest.fixture
def run() -> Run:
    cases = [
        case_of(
            size,
            result("torchvision", 1e-8 * size**2, "base"),
            result("opsbridge torch", 1e-7 * size),
            result("fast but wrong", 1e-9 * size, "differs"),
            PeerResult("paddle", "skipped", "about 90 s a call"),
        )
        for size in (10, 100, 1_000, 10_000)
    ]
    machine = {"processor": "a CPU", "cores": 2}
    return Run(machine, {"numpy": "1"}, {"quick": True}, {"bytes": 1e10, "operations": 1e11}, cases)


def test_timing() -> None:
    assert Timing.of([3.0, 1.0, 2.0]) == Timing(2.0, 1.0, 3.0, 3)


def test_ratios(run: Run) -> None:
    case = run.cases[-1]
    assert ratio_to_base(case, case.peers[1]) == pytest.approx(1_000)
    assert ratio_to_base(case, case.peers[3]) is None
    rival = best_rival(case)
    assert rival is not None
    assert rival.peer == "torchvision", "one that disagrees is no rival, however fast"


@pytest.mark.parametrize("exponent", [0.5, 1.0, 2.0])
def test_slope_is_fitted_over_the_upper_half(exponent: float) -> None:
    sizes = [1, 10, 100, 1_000, 10_000]
    seconds = [7.0, 7.0, *(size**exponent for size in sizes[2:])]
    assert slope(sizes, seconds) == pytest.approx(exponent)
    assert slope(sizes[:1], seconds[:1]) is None


def test_curves(run: Run) -> None:
    found = {curve.peer: curve.slope for curve in curves(run.cases)}
    assert found["torchvision"] == pytest.approx(2)
    assert found["opsbridge torch"] == pytest.approx(1)
    assert "paddle" not in found


def test_estimates_follow_the_growth() -> None:
    small, *rest = (case for case in all_cases() if case.name.startswith("nms sparse"))
    estimates = Estimates()
    assert estimates.predict(small, "lsnms") is None
    estimates.learn(small, "lsnms", 1.0)
    assert estimates.predict(rest[0], "lsnms") == pytest.approx((rest[0].size / small.size) ** 2)
    estimates.learn(rest[0], "lsnms", rest[0].size / small.size)
    assert estimates.predict(rest[1], "lsnms") == pytest.approx(rest[1].size / small.size)


INDICES = {"indices": np.array([4, 2, 7])}
VALUES = {"values": np.array([0.5, 2.0, np.nan], np.float32)}


@pytest.mark.parametrize(
    ("expected", "actual", "verdict"),
    [
        (INDICES, {"indices": np.array([4, 2, 7], np.uint64)}, "same"),
        (INDICES, {"indices": np.array([4, 7, 2])}, "differs"),
        (INDICES, {"indices": np.array([4, 2])}, "differs"),
        (INDICES, VALUES, "differs"),
        (VALUES, {"values": VALUES["values"].astype(np.float64)}, "same"),
        (VALUES, {"values": np.array([0.5, 2.000001, np.nan])}, "close"),
        (VALUES, {"values": np.array([0.5, 2.1, np.nan])}, "differs"),
        (VALUES, {"values": np.array([0.5, np.nan, 2.0])}, "differs"),
        ({**INDICES, **VALUES}, INDICES, "same"),
        ({**INDICES, **VALUES}, {**VALUES, "indices": np.array([1, 2, 3])}, "differs"),
    ],
)
def test_agreement(expected: dict, actual: dict, verdict: str) -> None:
    assert compare(expected, actual, 1e-6).verdict == verdict


def test_agreement_tells_the_largest_difference() -> None:
    found = compare(VALUES, {"values": np.array([0.5, 2.25, np.nan])}, 1e-6)
    assert found.difference == "values: up to 2.5e-01"


def test_json_round_trip(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    save(run, path)
    assert load(path) == run


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda fields: fields.pop("versions"), TypeError),
        (lambda fields: fields["cases"][0].update(surprise=1), TypeError),
        (lambda fields: fields["cases"][0]["peers"][0].pop("peer"), TypeError),
        (lambda fields: fields.update(format=99), ValueError),
    ],
)
def test_json_of_another_schema_is_refused(run: Run, tmp_path: Path, change, error) -> None:
    path = tmp_path / "results.json"
    save(run, path)
    fields = json.loads(path.read_text())
    change(fields)
    path.write_text(json.dumps(fields))
    with pytest.raises(error):
        load(path)


def test_markdown_has_the_figures_and_marks_what_disagrees(run: Run) -> None:
    text = markdown(run)
    assert "| rpn 10,000 boxes | 1.00 s | 1.00 ms (1,000 x)" in text
    assert "10.0 us (100,000 x) DIFFERS" in text
    assert "DIFFERS | skipped |" in text
    assert "growth of nms rpn with boxes: torchvision 2.00, opsbridge torch 1.00" in text
    # 200 kB at 10 GB/s take 20 us, and 300 k operations at 100 G/s take 3 us: 2 % of 1 ms.
    assert "| nms rpn 10,000 boxes | 0.2 MB | 0.3 M | 20.0 us | 1.00 ms | 2% |" in text


def test_gain_of_two_threads(run: Run) -> None:
    double = case_of(1_000, result("opsbridge torch", 5e-5))
    double.threads, double.name = 2, "nms rpn 1,000 boxes, 2 threads"
    run.cases.append(double)
    assert list(thread_lines(run)) == [
        "gain of nms rpn 1,000 boxes, 2 threads: opsbridge torch 2.00 x"
    ]


def test_terminal_row(run: Run) -> None:
    row = peer_row(run.cases[0], run.cases[0].peers[1])
    assert row[:4] == ["opsbridge torch", "1.00 us", "500 ns", "2.00 us"]
    assert peer_row(run.cases[0], run.cases[0].peers[3])[-1] == "skipped: about 90 s a call"


@pytest.mark.parametrize(
    ("seconds", "text"), [(1.5, "1.50 s"), (0.0234, "23.4 ms"), (4e-4, "400 us"), (5e-8, "50.0 ns")]
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text
