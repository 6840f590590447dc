"""The corpus and broken copies of it, without a fuzzer: nothing but the reader's own error."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest

pytest.importorskip("libcst", reason="the translator is opsbridge[port]")
pytest.importorskip("markdown_it", reason="pages are read with opsbridge[docs]")
fuzzed: Any = importlib.import_module("targets")

COPIES = {"table": 60, "core_table": 60, "page": 60, "checkpoint": 600, "source": 12}
MOST_BYTES = 6000


def broken(rng: np.random.Generator, data: bytes) -> bytes:
    """One of the things that happen to files: bytes changed, cut out, doubled, put in."""
    damaged = bytearray(data)
    for _ in range(int(rng.integers(1, 4))):
        start = int(rng.integers(len(damaged) + 1))
        end = min(start + int(rng.integers(1, 40)), len(damaged))
        match rng.integers(5):
            case 0:
                damaged[start:end] = rng.bytes(end - start)
            case 1:
                del damaged[start:end]
            case 2:
                damaged[start:start] = damaged[start:end]
            case 3:
                damaged[start:start] = bytes(rng.choice(list(b"\x00\xff\n\t{}[]()\"'=:#,.`|\\-")))
            case _:
                del damaged[start:]
    return bytes(damaged)


@pytest.mark.parametrize("name", fuzzed.TARGETS)
def test_the_corpus(name: str) -> None:
    for path in fuzzed.seeds(name):
        fuzzed.TARGETS[name](path.read_bytes())


@pytest.mark.parametrize("name", fuzzed.TARGETS)
def test_broken_copies(name: str) -> None:
    rng = np.random.default_rng(len(name))
    small = [path for path in fuzzed.seeds(name) if path.stat().st_size < MOST_BYTES]
    for turn in range(COPIES[name]):
        data = broken(rng, small[turn % len(small)].read_bytes())
        try:
            fuzzed.TARGETS[name](data)
        except Exception as error:
            raise AssertionError(f"fuzzed.TARGETS[{name!r}]({data!r})") from error
