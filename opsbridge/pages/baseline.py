"""Compares a run with an earlier one: what became worse, what better, what is new or gone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from opsbridge.pages.json_report import as_data, read_pages
from opsbridge.pages.report import RunReport

_CHECKED, _SKIPPED, _FALSE = range(3)

# Example, half, backend, source, and which of several equal ones: no line numbers, so that text
# added above a statement leaves it the same statement.
Identity = tuple[int, str, str, str, int]
Parts = tuple[str, ...]


@dataclass(frozen=True)
class _Statement:
    rank: int
    verdict: str
    where: str = ""


@dataclass
class _Page:
    path: str
    problem: str
    statements: dict[Identity, _Statement]


@dataclass
class Comparison:
    """What changed since the baseline, as lines of text."""

    worse: list[str] = field(default_factory=list)
    better: list[str] = field(default_factory=list)
    new_pages: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """Return the comparison as lines of text."""
        parts = (
            ("worse than the baseline", self.worse),
            ("better than the baseline", self.better),
            ("new pages", self.new_pages),
            ("no longer there", self.gone),
        )
        shown = [line for name, found in parts if found for line in (f"{name}:", *found)]
        return [*shown, ", ".join(f"{len(found)} {name}" for name, found in parts)]


class Baseline:
    """The results of an earlier run."""

    def __init__(self, path: str) -> None:
        """Read the file that an earlier run with `--json` wrote.

        Raises:
            PageError: the file cannot be read, or is no such report.
        """
        self._pages = _pages(read_pages(path))

    def compare(self, run: RunReport) -> Comparison:
        """Compare a run with this one, page by page; pages that did not run now are left out.

        Worse is a statement that was checked and is now skipped or false, one that was skipped and
        is now false, a new one that is false, and a page that got a problem. A statement whose code
        was edited is a new one.
        """
        comparison = Comparison()
        after = _pages(as_data(run)["pages"])
        roots = _roots([page.path for page in self._pages], [page.path for page in after])
        before = {_below(page.path, roots[0]): page for page in self._pages}
        for page in after:
            old = before.get(_below(page.path, roots[1]))
            if old is None:
                comparison.new_pages.append(f"  {page.path}")
            _compare_page(comparison, old or _Page(page.path, "", {}), page)
        return comparison


def _compare_page(comparison: Comparison, before: _Page, after: _Page) -> None:
    if after.problem and not before.problem:
        comparison.worse.append(f"  {after.path}: {after.problem}")
    elif before.problem and not after.problem:
        comparison.better.append(f"  {after.path}: was: {before.problem}")
    for identity, now in after.statements.items():
        was = before.statements.get(identity)
        text = _text(after.path, identity, now)
        if was is None:
            if now.rank == _FALSE:
                comparison.worse.append(f"{text} (new)")
        elif now.rank > was.rank:
            comparison.worse.append(f"{text} (was: {was.verdict})")
        elif now.rank < was.rank:
            comparison.better.append(f"{text} (was: {was.verdict})")
    for identity, was in before.statements.items():
        if identity not in after.statements:
            comparison.gone.append(_text(before.path, identity, was))


def _text(path: str, identity: Identity, statement: _Statement) -> str:
    example, half, backend, source, _ = identity
    place = f"{path}:{statement.where}" if statement.where else path
    line = " ".join(source.split())
    short = line if len(line) <= 60 else f"{line[:57]}..."
    return f"  {place}: example {example}, {half} on {backend}, `{short}`: {statement.verdict}"


def _pages(data: Iterable[dict[str, Any]]) -> list[_Page]:
    return [_Page(page["path"], page["problem"], dict(_statements(page))) for page in data]


def _statements(page: dict[str, Any]) -> Iterator[tuple[Identity, _Statement]]:
    seen: Counter[tuple[int, str, str, str]] = Counter()
    for row in page["statements"]:
        key = (row["example"], row["half"], row["backend"], row["source"])
        rank = _SKIPPED if row["verdict"] == "skipped" else _CHECKED
        yield (
            (*key, seen[key]),
            _Statement(_FALSE if row["false"] else rank, row["verdict"], row["where"]),
        )
        seen[key] += 1


def _roots(before: Sequence[str], after: Sequence[str]) -> tuple[Parts, Parts]:
    """Return the folders of two runs below which most of their pages have the same path.

    The earlier run may have been made in another folder, and on more or fewer pages.
    """
    by_name: dict[str, list[str]] = {}
    for path in before:
        by_name.setdefault(PurePosixPath(path).name, []).append(path)
    votes: Counter[tuple[Parts, Parts]] = Counter()
    for path in after:
        for other in by_name.get(PurePosixPath(path).name, ()):
            votes[_without_common_end(other, path)] += 1
    return max(votes, key=lambda pair: (votes[pair], pair[0] == pair[1]), default=((), ()))


def _without_common_end(left: str, right: str) -> tuple[Parts, Parts]:
    before, after = PurePosixPath(left).parts, PurePosixPath(right).parts
    same = 0
    while same < min(len(before), len(after)) and before[-1 - same] == after[-1 - same]:
        same += 1
    return before[: len(before) - same], after[: len(after) - same]


def _below(path: str, root: Parts) -> Parts:
    """Return a path below the root; one elsewhere as it stands."""
    parts = PurePosixPath(path).parts
    return parts[len(root) :] if parts[: len(root)] == root else parts
