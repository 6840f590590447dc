"""A copy of the package in which one fault at a time is planted, and the suite run against it.

The kernels of the copy are compiled plainly, without optimisation and for the narrowest level, each
file by itself: a fault in a header costs the files that include it and a link.
"""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from fault import CSRC, ROOT, Fault

from opsbridge.core.native import library_path

# Not inlined (OPSBRIDGE_WATCHED): a fault in a header that everything includes costs seconds.
FLAGS = ("-std=c++17", "-O0", "-fPIC", "-w", "-ffp-contract=off", "-fvisibility=hidden",
         "-DOPSBRIDGE_WATCHED")  # fmt: skip
SECONDS = 900


class Workshop:
    """The package in a folder of its own, found before the installed one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        package = folder / "opsbridge"
        ignored = shutil.ignore_patterns("csrc", "mappings", "__pycache__", "*.so")
        shutil.copytree(ROOT / "opsbridge", package, ignore=ignored)
        shutil.copytree(ROOT / "mappings", package / "mappings")
        shutil.copy(library_path(), package / library_path().name)
        about = folder / "opsbridge-0.dist-info" / "METADATA"
        about.parent.mkdir()
        version = importlib.metadata.version("opsbridge")
        about.write_text(f"Metadata-Version: 2.1\nName: opsbridge\nVersion: {version}\n")

    def is_found(self) -> bool:
        """Whether Python takes this copy, not the package that is installed (editable ones win)."""
        asks = "import opsbridge; print(opsbridge.__file__)"
        done = subprocess.run(
            [sys.executable, "-c", asks], cwd=self.folder, env=self._environment(),
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout.startswith(f"{self.folder}{os.sep}")

    @contextmanager
    def planted(self, fault: Fault) -> Iterator[None]:
        """The copy with a fault in it."""
        inside = fault.file.startswith("opsbridge/")
        path = self.folder / (fault.file if inside else f"opsbridge/{fault.file}")
        sound = path.read_text(encoding="utf-8")
        path.write_text(fault.planted(sound), encoding="utf-8")
        try:
            yield
        finally:
            path.write_text(sound, encoding="utf-8")

    def run(self, tests: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run tests of this repository on the copy; the first failure ends it."""
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p",
                   "no:xdist", "-c", str(ROOT / "pyproject.toml")]  # fmt: skip
        return subprocess.run(
            [*command, *(str(ROOT / test) for test in tests)],
            cwd=self.folder,
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in os.environ if "PYTEST" not in name}
        return kept | {"PYTHONPATH": str(self.folder), "PYTHONDONTWRITEBYTECODE": "1"}


class NativeWorkshop(Workshop):
    """One whose kernels are compiled from a copy of their sources, too."""

    flags = FLAGS

    def __init__(self, folder: Path, compiler: str) -> None:
        super().__init__(folder)
        self._compiler = compiler
        # What is compiled again without its fault is there already, and what any copy compiled.
        self._launcher = [path for path in [shutil.which("ccache")] if path is not None]
        self._cached = {"CCACHE_BASEDIR": str(folder), "CCACHE_NOHASHDIR": "1"}
        self._csrc = folder / CSRC
        shutil.copytree(ROOT / CSRC, self._csrc)
        self._objects = folder / "objects"
        self._objects.mkdir()
        folders = ("binding", "binding/calls", "ops", "runtime")
        self._sources = [path for name in folders for path in (self._csrc / name).glob("*.cc")]
        self._build(self._sources)

    @contextmanager
    def planted(self, fault: Fault) -> Iterator[None]:
        if not fault.is_native:
            with super().planted(fault):
                yield
            return
        with super().planted(fault):
            concerned = self._concerned_by(self.folder / fault.file)
            self._build(concerned)
            yield
        self._build(concerned)

    def _concerned_by(self, path: Path) -> list[Path]:
        """The files that are compiled from a file, as the compiler noted at the first build."""
        needle = f"{path.relative_to(self._csrc)} "
        return [
            source
            for source in self._sources
            if needle
            in self._object(source).with_suffix(".d").read_text().replace("\\\n", " ") + " "
        ]

    def _object(self, source: Path) -> Path:
        return self._objects / f"{'-'.join(source.relative_to(self._csrc).parts)}.o"

    def _build(self, sources: Sequence[Path]) -> None:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(self._compile, sources))
        library = self.folder / "opsbridge" / library_path().name
        library.unlink()  # a process may still have the old one open
        objects = [self._object(source) for source in self._sources]
        command = [self._compiler, "-shared", "-pthread", "-o", library, *objects]
        subprocess.run(command, check=True)

    def _compile(self, source: Path) -> None:
        command = [*self._launcher, self._compiler, *self.flags, "-pthread", "-MMD",
                   f"-I{self._csrc}", f"-I{self._csrc / 'include'}", "-DOPSBRIDGE_LEVEL=baseline",
                   "-c", source, "-o", self._object(source)]  # fmt: skip
        subprocess.run(command, check=True, cwd=self.folder, env=os.environ | self._cached)
