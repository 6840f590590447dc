"""The museum's copy of the package, for mutants: it tells those that leave nothing to test."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from mutant import Mutant
from workshop import FLAGS, NativeWorkshop


class NothingToTest(Exception):
    """A mutant that the compiler refuses, or makes the same kernels of.

    Then it concerns CUDA or other processors alone, or computes the same.
    """


class MutationWorkshop(NativeWorkshop):
    """A copy with its kernels; a mutant that does not compile leaves it sound, too.

    What the compiler knows this machine to have it may use: headers have code for fused
    multiply-add, which the narrowest level lacks. An index beyond an array ends the process.
    """

    def __init__(self, folder: Path, compiler: str) -> None:
        about = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=True)
        # GCC takes the last array of a struct for one of any length, unless it is told not to.
        bounds = "bounds" if "clang" in about.stdout else "bounds-strict"
        self.flags = (*FLAGS, "-march=native", f"-fsanitize={bounds}",
                      "-fsanitize-undefined-trap-on-error")  # fmt: skip
        super().__init__(folder, compiler)

    @contextmanager
    def planted(self, mutant: Mutant) -> Iterator[None]:  # type: ignore[override]
        path = self.folder / mutant.file
        sound = path.read_text(encoding="utf-8")
        concerned = self._concerned_by(path)
        if not concerned:
            raise NothingToTest
        before = self._compiled(concerned)
        path.write_text(mutant.planted(sound), encoding="utf-8")
        try:
            self._build(concerned)
            if self._compiled(concerned) == before:
                raise NothingToTest
            yield
        except subprocess.CalledProcessError as error:
            raise NothingToTest from error
        finally:
            path.write_text(sound, encoding="utf-8")
            self._build(concerned)

    def _compiled(self, sources: Sequence[Path]) -> list[bytes]:
        return [self._object(source).read_bytes() for source in sources]
