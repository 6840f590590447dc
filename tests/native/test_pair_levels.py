"""Overlaps and soft suppression give the same bits on every level and with any threads."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest
from child_process import run_python

PROGRAM = Path(__file__).with_name("digest_of_pairs.py")
NOT_HERE = ("names a level that this CPU cannot run", "as far as built")


@functools.cache
def level_and_digest(level: str, threads: int) -> list[str]:
    """What the program prints on one level; the test is skipped where the level cannot run."""
    ended = run_python(
        PROGRAM,
        OPSBRIDGE_ISA=level,
        OPSBRIDGE_THREADS=str(threads),
        PYTHONPATH=str(PROGRAM.parents[1]),
    )
    for reason in NOT_HERE:
        if reason in ended.stderr:
            pytest.skip(f"{level}: {reason}")
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.split()


@pytest.mark.parametrize(
    ("level", "threads"), [("baseline", 3), ("avx2", 1), ("avx2", 2), ("avx512", 1), ("avx512", 5)]
)
def test_same_bits(level: str, threads: int) -> None:
    assert level_and_digest(level, threads) == [level, level_and_digest("baseline", 1)[1]]
