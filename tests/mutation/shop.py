"""The museum's copy of the package, for mutants: it bears those that do not compile."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from mutant import Mutant
from workshop import FLAGS, NativeWorkshop


class DoesNotCompile(Exception):
    """A mutant that no test can be run on: it is wrong, or of code for CUDA, which no copy has."""


class MutationWorkshop(NativeWorkshop):
    """A copy with its kernels; a mutant that does not compile leaves it sound, too.

    What the compiler knows this machine to have it may use: headers have code for fused
    multiply-add, which the narrowest level lacks. An index beyond an array ends the process, as it
    does in tox's asan.
    """

    flags = (*FLAGS, "-march=native", "-fsanitize=bounds", "-fsanitize-undefined-trap-on-error")

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
