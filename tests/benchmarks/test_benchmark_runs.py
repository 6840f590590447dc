"""Measuring with peers made up for the purpose, and the command from end to end."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from benchmarks.__main__ import main
from benchmarks.case import Case
from benchmarks.inputs import Inputs, scored_boxes
from benchmarks.measure import Estimates, measure
from benchmarks.peers import Adapter, Call, Options
from benchmarks.report import trouble_lines
from benchmarks.results import Run, load, save

ROOT = Path(__file__).resolve().parents[2]


def adapter(shift: int) -> Adapter:
    """A peer that sorts, and adds to every index."""

    def prepare(inputs: Inputs, options: Options) -> Call:
        return partial(np.argsort, inputs["scores"])

    def read(result: Any, inputs: Inputs) -> dict[str, np.ndarray]:
        return {"indices": result + shift}

    return Adapter(prepare, read)


def broken(inputs: Inputs, options: Options) -> Call:
    raise ValueError("no such thing")


@pytest.fixture
def case(monkeypatch: pytest.MonkeyPatch) -> Case:
    for name, made in {
        "right": adapter(0),
        "alike": adapter(0),
        "wrong": adapter(1),
        "broken": Adapter(broken, adapter(0).read),
    }.items():
        module = ModuleType(name)
        module.ADAPTERS = {"sort": made}
        monkeypatch.setitem(sys.modules, f"benchmarks.peers.{name}", module)
    return Case(
        "sort",
        "rpn",
        50,
        "boxes",
        lambda rng: scored_boxes(rng, "rpn", 50),
        {},
        ("right", "alike", "wrong", "broken", "absent"),
    )


def test_each_peer_has_its_verdict(case: Case) -> None:
    outcome = measure(case, Estimates(), seconds=0.2, patience=10)
    assert [(peer.status, peer.agreement) for peer in outcome.peers] == [
        ("measured", "base"),
        ("measured", "same"),
        ("measured", "differs"),
        ("failed", ""),
        ("missing", ""),
    ]
    assert outcome.peers[3].note == "ValueError: no such thing"
    for peer in outcome.measured():
        assert peer.cpu is not None
        assert 0 < peer.cpu.min <= peer.cpu.median <= peer.cpu.max
        assert peer.seconds == peer.cpu.median
    lines = list(trouble_lines(Run({}, {}, {}, {}, [outcome])))
    assert lines[0].startswith("DISAGREES: wrong in sort rpn 50 boxes: indices: 50 of 50")
    assert lines[1].startswith("FAILED: broken")
    assert lines[2].startswith("not run: absent")


def test_slow_peers_are_skipped_with_their_estimate(case: Case) -> None:
    estimates = Estimates()
    estimates.learn(case, "alike", 30.0)
    outcome = measure(case, estimates, seconds=0.2, patience=10)
    skipped = outcome.find("alike")
    assert skipped is not None
    assert (skipped.status, skipped.note) == ("skipped", "about 30 s a call")


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list", "--quick", "--only", "ps_roi_align"]) == 0
    assert capsys.readouterr().out == "ps_roi_align small 100 RoIs: torchvision, opsbridge torch\n"


def test_nothing_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--only", "no such case"]) == 2
    assert "--list" in capsys.readouterr().err


def test_command_writes_results_and_plots(tmp_path: Path) -> None:
    pytest.importorskip("rich", reason="the tables need rich, of the extra `bench`")
    pytest.importorskip("matplotlib", reason="the plots need matplotlib, of the extra `bench`")
    arguments = ["--quick", "--only", "nms same", "--budget", "10", "--out", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONSAFEPATH": ""},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    run = load(tmp_path / "results.json")
    assert [case.name for case in run.cases] == ["nms same 100 boxes", "nms same 1,000 boxes"]
    assert run.cases[0].find("opsbridge numpy").status == "measured"
    assert (tmp_path / "nms-boxes.png").stat().st_size > 0
    assert "<svg" in (tmp_path / "nms-boxes.svg").read_text()


def test_report_goes_below_a_heading(tmp_path: Path) -> None:
    results, page = tmp_path / "results.json", tmp_path / "page.md"
    machine = {"processor": "a CPU", "cores": 2}
    save(Run(machine, {"numpy": "1"}, {}, {}, []), results)
    arguments = ["--report", str(results), "--into", str(page)]
    page.write_text("# Title\n")
    assert main(arguments) == 2
    assert page.read_text() == "# Title\n"
    page.write_text("# Title\n\n## Figures\n\nold\n")
    assert main(arguments) == 0
    assert page.read_text().startswith("# Title\n\n## Figures\n\nMeasured on a CPU, 2 cores")
    assert "old" not in page.read_text()
