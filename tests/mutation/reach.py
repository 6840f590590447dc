"""Which tests run a line, seen once on the sound copy: those alone can notice a mutant of it."""

from __future__ import annotations

import ast
import functools
import hashlib
import inspect
import json
import sys
import time
from collections.abc import Collection, Generator, Iterable, Sequence
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest
from mutant import ROOT
from trial import run_tests

_LONGEST_SECONDS = 7200
# What functions remember they forget before each test, or else what runs for the first of several
# tests would be its alone. What these compute takes too long for that.
REMEMBERING = ("opsbridge.port.source.meaning", "opsbridge.tables.load",
               "opsbridge.tables.port_load", "opsbridge.tables.support")  # fmt: skip


class Reach:
    """The tests that run each line of some files, as `see` wrote them; none if it did not."""

    def __init__(self, path: Path) -> None:
        seen = {"tests": [], "files": {}}
        if path.exists():
            seen = json.loads(path.read_text(encoding="utf-8"))
        self._tests: list[str] = seen["tests"]
        self._files: dict[str, dict[str, Any]] = seen["files"]

    def tests_of(self, file: str, number: int) -> tuple[str, ...]:
        """The tests of a line's statement, the quick ones first; none outside functions.

        What runs as a module is imported is run by whichever test comes first.
        """
        if file not in self._files:
            return ()
        text = (ROOT / file).read_text(encoding="utf-8")
        return self._tests_of(file, map(str, _lines_beside(text, number)))

    @property
    def files_of_tests(self) -> tuple[str, ...]:
        """The files of all tests that were seen."""
        return tuple(sorted({test.partition("::")[0] for test in self._tests}))

    def tests_of_file(self, file: str) -> tuple[str, ...]:
        """The tests that run any line of a file, the quick ones first."""
        return self._tests_of(file, self._files.get(file, {"lines": ()})["lines"])

    def _tests_of(self, file: str, lines: Iterable[str]) -> tuple[str, ...]:
        """None if the file has changed since."""
        seen = self._files.get(file)
        text = (ROOT / file).read_text(encoding="utf-8")
        if seen is None or seen["digest"] != _digest(text):
            return ()
        places = sorted({place for line in lines for place in seen["lines"].get(line, ())})
        return tuple(self._tests[place] for place in places)


def see(folder: Path, files: Iterable[str], tests: Sequence[str], path: Path) -> None:
    """Run tests on the sound copy in a folder, and write which of them run which lines of files."""
    watch = _Watch(folder, files, path)
    run_tests(folder, ["--maxfail=0", *tests], _LONGEST_SECONDS, watch)


class Chosen:
    """A plugin of pytest that keeps some tests only, in their order; it takes names of any kind."""

    def __init__(self, tests: Sequence[str]) -> None:
        self.files = tuple(dict.fromkeys(test.partition("::")[0] for test in tests))
        self._places = {test: place for place, test in enumerate(tests)}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        kept = [item for item in items if item.nodeid in self._places]
        items[:] = sorted(kept, key=lambda item: self._places[item.nodeid])


class _Watch:
    """A plugin of pytest that notes the lines that each test runs, and its time."""

    def __init__(self, folder: Path, files: Iterable[str], path: Path) -> None:
        self._files = {str(folder.resolve() / file): file for file in files}
        self._path = path
        self._seconds: dict[str, float] = {}

    def pytest_sessionstart(self) -> None:
        from coverage import Coverage

        self._coverage = Coverage(data_file=None, config_file=False, include=list(self._files))
        self._coverage.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        forget_what_was_computed(REMEMBERING)
        self._coverage.switch_context(item.nodeid)
        failed, start = item.session.testsfailed, time.monotonic()
        done = yield
        if item.session.testsfailed == failed:
            self._seconds[item.nodeid] = time.monotonic() - start
        return done

    def pytest_sessionfinish(self) -> None:
        self._coverage.stop()
        tests = sorted(self._seconds, key=self._seconds.__getitem__)
        places = {test: place for place, test in enumerate(tests)}
        data = self._coverage.get_data()
        files = {
            file: {
                "digest": _digest((ROOT / file).read_text(encoding="utf-8")),
                "lines": {
                    line: sorted(places[test] for test in run if test in places)
                    for line, run in data.contexts_by_lineno(where).items()
                },
            }
            for where, file in self._files.items()
        }
        self._path.write_text(json.dumps({"tests": tests, "files": files}), encoding="utf-8")


def forget_what_was_computed(remembering: Collection[str]) -> None:
    """Empty the memory of all functions but those of some modules."""
    for name, module in list(sys.modules.items()):
        if name.startswith(("opsbridge.port", "opsbridge.tables")):
            for value in list(vars(module).values()):
                if getattr(value, "__module__", None) not in remembering:
                    _forget(value)


def _forget(function: Any) -> None:
    """Empty the memory of one that functools or opsbridge.tables.remember makes remember."""
    if isinstance(function, functools._lru_cache_wrapper):
        function.cache_clear()
    elif isinstance(function, FunctionType) and "kept" in function.__code__.co_freevars:
        inspect.getclosurevars(function).nonlocals["kept"].clear()


def _lines_beside(text: str, number: int) -> range:
    """The lines of the statement that a line belongs to; none outside functions."""
    tree = ast.walk(ast.parse(text))
    functions = (node for node in tree if isinstance(node, ast.FunctionDef))
    inside = (node for each in functions for part in each.body for node in ast.walk(part))
    statements = (_own_lines(node) for node in inside if isinstance(node, ast.stmt))
    return next((lines for lines in statements if number in lines), range(0))


def _own_lines(node: ast.stmt) -> range:
    """The lines of a statement, without those of the statements in it."""
    inner = [child.lineno for child in ast.walk(node) if isinstance(child, ast.stmt)]
    end = node.end_lineno or node.lineno
    return range(node.lineno, min([line for line in inner if line > node.lineno] or [end + 1]))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
