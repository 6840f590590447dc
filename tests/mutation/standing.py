"""Tests that are collected once, in a process that forks for each mutant.

To import the package and to collect its tests takes longer than most of them. A mutant inside
functions is planted by giving them its code. What runs as modules are imported ran before: a mutant
that survives here is still to meet its tests on a fresh import.
"""

from __future__ import annotations

import contextlib
import gc
import itertools
import multiprocessing
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from types import CodeType, FunctionType

import pytest
from mutant import ROOT
from reach import REMEMBERING, forget_what_was_computed
from trial import FORK, Outcome, ended, enter, options

# Of code objects of functions, but not of classes and modules.
_HAS_LOCALS = 0x2
_NOT_PLANTED = Outcome(pytest.ExitCode.NO_TESTS_COLLECTED, 0.0, "")


@dataclass(frozen=True)
class Change:
    """A module before and after."""

    file: str
    sound: str
    mutated: str

    @property
    def module(self) -> str:
        """Its name."""
        return self.file.removesuffix(".py").replace("/", ".")


class Standing:
    """A process that imported the package of a folder and collected the tests of some files."""

    def __init__(self, folder: Path, files: Sequence[str]) -> None:
        self._requests, theirs = multiprocessing.Pipe()
        self._process = FORK.Process(target=_stand, args=(folder, files, self._requests, theirs))
        self._process.start()
        theirs.close()

    def outcome(self, change: Change, tests: Sequence[str], seconds: float) -> Outcome:
        """How tests of a changed module end; as if there were none if it is not in functions."""
        self._requests.send((change, tests, seconds))
        outcome: Outcome = self._requests.recv()
        return outcome

    def end(self) -> None:
        """End the process."""
        self._requests.close()
        self._process.join()


@dataclass(frozen=True)
class AtOnce:
    """Tests of a changed module that a process has ready."""

    standing: Standing
    change: Change
    tests: tuple[str, ...]

    def outcome(self, seconds: float) -> Outcome:
        """How they end."""
        return self.standing.outcome(self.change, self.tests, seconds)


def _stand(folder: Path, files: Sequence[str], theirs: Connection, requests: Connection) -> None:
    theirs.close()  # or else the end of the one who asks would go unnoticed
    enter(folder, folder / "standing.txt")
    pytest.main([*options(), *(str(ROOT / each) for each in files)], plugins=[_Stand(requests)])
    os._exit(0)


class _Stand:
    """A plugin of pytest that runs the tests that are asked for in place of those collected."""

    def __init__(self, requests: Connection) -> None:
        self._requests = requests

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self._items = {item.nodeid: item for item in session.items}
        while True:
            try:
                change, tests, seconds = self._requests.recv()
            except EOFError:
                return True
            self._requests.send(self._outcome(change, tests, seconds))

    def _outcome(self, change: Change, tests: Sequence[str], seconds: float) -> Outcome:
        planted = dict(_planted(change))
        items = [self._items[test] for test in tests if test in self._items]
        if not planted or not items:
            return _NOT_PLANTED
        outcome = self._run(items, change.module, planted, seconds)
        if outcome.is_killed:
            last = next((each for each in items if outcome.failed.endswith(each.nodeid)), items[-1])
            until = items[: items.index(last) + 1]
            if self._run(until, change.module, {}, seconds).is_killed:
                return _NOT_PLANTED  # by what runs before it: only a fresh process can tell
        return outcome

    def _run(
        self,
        items: list[pytest.Item],
        module: str,
        planted: dict[FunctionType, CodeType],
        seconds: float,
    ) -> Outcome:
        """The outcome of tests in a fork whose functions have other code."""
        ours, theirs = multiprocessing.Pipe()
        start = time.monotonic()
        process = FORK.Process(target=_run_items, args=(items, module, planted, theirs))
        process.start()
        theirs.close()
        code = ended(process, seconds)
        failed = ""
        with contextlib.suppress(EOFError):  # if none failed, or the process broke down itself
            failed = f"FAILED {ours.recv()}"
        return Outcome(code, time.monotonic() - start, failed)


def _run_items(
    items: list[pytest.Item],
    module: str,
    planted: dict[FunctionType, CodeType],
    results: Connection,
) -> None:
    os.setsid()
    forget_what_was_computed(() if module in REMEMBERING else REMEMBERING)
    for function, code in planted.items():
        function.__code__ = code
    for item, following in itertools.pairwise([*items, None]):
        assert item is not None
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if item.session.testsfailed:
            results.send(item.nodeid)
            os._exit(pytest.ExitCode.TESTS_FAILED)
    os._exit(pytest.ExitCode.OK)


def _planted(change: Change) -> Iterator[tuple[FunctionType, CodeType]]:
    """The functions that a change concerns, each with its new code.

    None if it concerns anything else, too, or a function that nobody has.
    """
    old, new = (
        compile(text, change.file, "exec", dont_inherit=True)
        for text in (change.sound, change.mutated)
    )
    changed = _changed(old, new)
    functions = [each for each in gc.get_objects() if type(each) is FunctionType]
    of_module = [each for each in functions if each.__module__ == change.module]
    found = [
        [(each, after) for each in of_module if _is_same(each.__code__, before)]
        for before, after in changed or ()
    ]
    if all(found):
        yield from itertools.chain(*found)


def _changed(old: CodeType, new: CodeType) -> list[tuple[CodeType, CodeType]] | None:
    """The code of functions that differs, before and after; None if other code differs, too."""
    inner = [[part for part in code.co_consts if isinstance(part, CodeType)] for code in (old, new)]
    if len(inner[0]) != len(inner[1]) or not _is_same(_outside(old), _outside(new)):
        return None
    found: list[tuple[CodeType, CodeType]] = []
    for before, after in zip(*inner, strict=True):
        if _is_same(before, after):
            continue
        if before.co_flags & _HAS_LOCALS:
            pairs = [(before, after)] if before.co_freevars == after.co_freevars else None
        else:
            pairs = _changed(before, after)
        if pairs is None:
            return None
        found += pairs
    return found


def _outside(code: CodeType) -> CodeType:
    """Code without that of the functions and classes in it."""
    rest = (None if isinstance(part, CodeType) else part for part in code.co_consts)
    return code.replace(co_consts=tuple(rest))


def _is_same(one: CodeType, other: CodeType) -> bool:
    """Whether two pieces of code do the same, wherever they lie."""
    names = ("co_code", "co_names", "co_varnames", "co_freevars", "co_cellvars", "co_qualname")
    if any(getattr(one, name) != getattr(other, name) for name in names):
        return False
    if len(one.co_consts) != len(other.co_consts):
        return False
    return all(map(_is_same_constant, one.co_consts, other.co_consts))


def _is_same_constant(one: object, other: object) -> bool:
    if isinstance(one, CodeType) and isinstance(other, CodeType):
        return _is_same(one, other)
    # 1, 1.0 and True are equal, and sets have an order of their own in each compilation.
    is_set = isinstance(one, frozenset)
    return type(one) is type(other) and (one == other if is_set else repr(one) == repr(other))
