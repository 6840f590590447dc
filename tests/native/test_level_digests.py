"""The programs beside this file print the same bits on every level and with any threads."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest
from child_process import run_python

HERE = Path(__file__).parent
# Vector code can differ on NaN, infinities, overflow and ties first: they have their own program.
PROGRAMS = (
    "digest_of_boxes.py",
    "digest_of_pairs.py",
    "digest_of_odd_values.py",
    "digest_of_weights.py",
)
NOT_HERE = ("names a level that this CPU cannot run", "as far as built")


@functools.cache
def level_and_digest(program: str, level: str, threads: int) -> list[str]:
    """What a program prints on one level; the test is skipped where the level cannot run."""
    ended = run_python(
        HERE / program,
        OPSBRIDGE_ISA=level,
        OPSBRIDGE_THREADS=str(threads),
        PYTHONPATH=str(HERE.parent),
    )
    for reason in NOT_HERE:
        if reason in ended.stderr:
            pytest.skip(f"{level}: {reason}")
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.split()


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize(
    ("level", "threads"), [("baseline", 3), ("avx2", 1), ("avx2", 2), ("avx512", 1), ("avx512", 5)]
)
def test_same_bits(program: str, level: str, threads: int) -> None:
    expected = level_and_digest(program, "baseline", 1)[1]
    assert level_and_digest(program, level, threads) == [level, expected]
