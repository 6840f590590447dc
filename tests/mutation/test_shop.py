"""The copy of the package whose kernels are mutated: which mutants leave nothing to test."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from mutant import CSRC, Mutant
from shop import MutationWorkshop, NothingToTest

HEADER = f"{CSRC}ops/pick.h"
SOURCE = """#ifdef __CUDACC__
inline int pick(int a) { return a + 1; }
#else
inline int pick(int a) { return a + 2; }
#endif
"""


class SmallWorkshop(MutationWorkshop):
    """One of a header and a file, for a compiler that reads `#ifdef` and no empty lines."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.header = folder / HEADER
        self.header.parent.mkdir(parents=True)
        self.header.write_text(SOURCE, encoding="utf-8")
        self._build([self.header])

    def _concerned_by(self, path: Path) -> list[Path]:
        return [path]

    def _object(self, source: Path) -> Path:
        return source.with_suffix(".o")

    def _build(self, sources: Sequence[Path]) -> None:
        for source in sources:
            text = source.read_text(encoding="utf-8")
            if "wrong" in text:
                raise subprocess.CalledProcessError(1, "c++")
            kept = text.partition("#else")[2].split()
            self._object(source).write_text(" ".join(kept), encoding="utf-8")


def plant(shop: SmallWorkshop, old: str, new: str) -> str:
    """What is compiled with a change in place."""
    assert old in SOURCE
    with shop.planted(Mutant(HEADER, "change", lambda text: text.replace(old, new))):
        return shop.header.with_suffix(".o").read_text(encoding="utf-8")


def test_a_change_of_what_is_compiled_is_planted(tmp_path: Path) -> None:
    shop = SmallWorkshop(tmp_path)
    assert "a - 2" in plant(shop, "a + 2", "a - 2")
    assert "a + 2" in shop.header.with_suffix(".o").read_text(encoding="utf-8")
    assert shop.header.read_text(encoding="utf-8") == SOURCE


@pytest.mark.parametrize(
    ("old", "new"),
    [("a + 2", "wrong"), ("a + 1", "a - 1"), ("\n#else", "\n\n#else")],
    ids=["refused", "for another processor", "the same code"],
)
def test_nothing_is_left_to_test(tmp_path: Path, old: str, new: str) -> None:
    shop = SmallWorkshop(tmp_path)
    with pytest.raises(NothingToTest):
        plant(shop, old, new)
    assert shop.header.read_text(encoding="utf-8") == SOURCE
