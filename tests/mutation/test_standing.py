"""The process that has collected tests: it tells mutants of functions as a fresh import does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from reach import see
from standing import AtOnce, Change, Standing
from trial import Outcome

STANDING = """
from functools import lru_cache

class Picker:
    bias = 1

    def larger(self, a, b):
        return [each for each in sorted((a, b))][1] + self.bias - 1

@lru_cache
def limit():
    return 3

def limited(a, most=limit()):
    return min(a, limit())

def endless(a):
    while a > 3:
        a -= 1
    return a
"""
TESTS_OF_STANDING = """
import os
from opsbridge.tables.picker import Picker, endless, limit, limited

def test_first():
    os.environ["FIRST"] = "ran"
    assert limit() == 3

def test_larger():
    assert Picker().larger(2, 1) == 2

def test_limited():
    assert limited(4) == 3

def test_endless():
    assert endless(7) == 3

def test_after_first():
    assert "FIRST" not in os.environ or limited(2) == 1
"""


@pytest.fixture
def standing(package: Path) -> Iterator[Callable[..., Outcome]]:
    """How the named tests end with a change of a module, in a process that stands ready."""
    pytest.importorskip("coverage", reason="sees which tests pass")
    made = package / "opsbridge" / "tables" / "picker.py"
    made.parent.mkdir()
    made.with_name("__init__.py").touch()
    made.write_text(STANDING, encoding="utf-8")
    path = package / "test_of_standing.py"
    path.write_text(TESTS_OF_STANDING, encoding="utf-8")
    see(package, [], [str(path)], package / "reach.json")
    passing = json.loads((package / "reach.json").read_text(encoding="utf-8"))["tests"]
    file = passing[0].partition("::")[0]
    process = Standing(package, [str(path)])

    def outcome(old: str, new: str, *tests: str, seconds: float = 60) -> Outcome:
        assert old in STANDING
        change = Change("opsbridge/tables/picker.py", STANDING, STANDING.replace(old, new))
        chosen = tuple(f"{file}::{test}" for test in tests)
        return AtOnce(process, change, chosen).outcome(seconds)

    yield outcome
    process.end()


def test_a_standing_process_gives_functions_other_code(standing: Callable[..., Outcome]) -> None:
    for _ in range(2):
        for old, new, killer in (
            ("- 1", "- 0", "test_larger"),
            ("))][1]", "))][0]", "test_larger"),
            ("return 3", "return 4", "test_first"),
            ("min(", "max(", "test_limited"),
        ):
            outcome = standing(old, new, "test_endless", killer)
            assert (outcome.code, outcome.is_killed) == (1, True)
            assert outcome.failed.endswith(f"::{killer}")
    for old, new in (("- 1", "-  1"), ("a > 3", "a >= 4"), ("(a, b)", "(b, a)")):
        outcome = standing(old, new, "test_first", "test_larger", "test_limited", "test_endless")
        assert (outcome.code, outcome.is_killed) == (5 if old == "- 1" else 0, False)


def test_what_is_not_in_functions_is_left_to_a_fresh_import(
    standing: Callable[..., Outcome],
) -> None:
    for old, new in (("bias = 1", "bias = 2"), ("most=limit()", "most=None"), ("@lru_cache", "")):
        outcome = standing(old, new, "test_larger", "test_limited")
        assert (outcome.code, outcome.is_killed) == (5, False)


def test_a_standing_process_ends_what_hangs(standing: Callable[..., Outcome]) -> None:
    outcome = standing("a -= 1", "a += 1", "test_endless", seconds=3)
    assert (outcome.code, outcome.is_killed) == (None, True)
    assert standing("min(", "max(", "test_limited").is_killed


def test_a_standing_process_judges_by_no_test_that_fails_by_itself(
    standing: Callable[..., Outcome],
) -> None:
    assert standing("min(", "max(", "test_first", "test_after_first").code == 5
    assert standing("- 1", "- 0", "test_after_first").code == 0


def test_a_standing_process_outlives_what_breaks_down(standing: Callable[..., Outcome]) -> None:
    for broken in ("raise SystemExit(1)", "__import__('os')._exit(1)", "__import__('os').abort()"):
        assert standing("return min(a, limit())", broken, "test_limited").is_killed
    assert standing("a > 3", "a >= 4", "test_endless").code == 0
