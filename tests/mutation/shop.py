"""The museum's copy of the package, for mutants: it bears those that do not compile."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mutant import Mutant
from workshop import FLAGS, NativeWorkshop


class DoesNotCompile(Exception):
    """A mutant that no test can be run on: it is wrong, or of code for CUDA, which no copy has."""


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
            raise DoesNotCompile
        path.write_text(mutant.planted(sound), encoding="utf-8")
        try:
            self._build(concerned)
            yield
        except subprocess.CalledProcessError as error:
            raise DoesNotCompile from error
        finally:
            path.write_text(sound, encoding="utf-8")
            self._build(concerned)
