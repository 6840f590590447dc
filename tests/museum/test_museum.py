"""Faults that implementations of these operators had: planted here, the suite finds each."""

from __future__ import annotations

import importlib.util
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fault import ROOT, Fault, all_faults
from workshop import NativeWorkshop, Workshop

FEWEST = 25
THREAD = r"https://github\.com/[\w.-]+/[\w.-]+/(issues|pull)/\d+"


@pytest.fixture(scope="module")
def workshop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Workshop]:
    """The copy in which faults are planted, once it is known to be sound."""
    folder = tmp_path_factory.mktemp("museum") / "copy"
    if request.config.getoption("--faults") == "quick":
        yield Workshop(folder)
        return
    compiler = shutil.which("c++")
    if compiler is None:
        pytest.fail("no C++ compiler: only --faults quick does without")
    sound = NativeWorkshop(folder, compiler)
    faults = [fault for fault in all_faults() if importlib.util.find_spec(fault.needs)]
    tests = sorted({test for fault in faults for test in fault.caught_by})
    done = sound.run(tests)
    assert done.returncode == 0, f"without a fault:\n{done.stdout}\n{done.stderr}"
    yield sound
    shutil.rmtree(folder)


def test_exhibits_are_many_and_have_a_thread() -> None:
    faults = all_faults()
    assert len({fault.name for fault in faults}) == len(faults) >= FEWEST
    for fault in faults:
        assert re.fullmatch(THREAD, fault.thread)
        assert fault.story.endswith(".")


@pytest.mark.parametrize("name", [fault.name for fault in all_faults()])
def test_a_fault_applies_to_the_sources_of_today(name: str) -> None:
    fault = next(each for each in all_faults() if each.name == name)
    text = (ROOT / fault.file).read_text(encoding="utf-8")
    assert fault.planted(text) != text
    for test in fault.caught_by:
        assert Path(ROOT / test.partition("::")[0]).exists(), test


def test_a_planted_fault_is_caught(
    fault: Fault, workshop: Workshop, record_property: Callable[[str, object], None]
) -> None:
    pytest.importorskip(fault.needs, reason="tests of this exhibit need it")
    record_property("trust", {"what": "museum", "peer": "tests", "cases": 1})
    with workshop.planted(fault):
        done = workshop.run(fault.caught_by)
    # A failed test, or a kernel that ended the process.
    assert done.returncode == 1 or done.returncode < 0, f"{fault.story}\n{done.stdout}{done.stderr}"
