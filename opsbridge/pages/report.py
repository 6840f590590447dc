"""What a doctest run found, page by page: the facts that every form of report is made from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import metadata

from opsbridge.pages.model import STALE_CAUSES, Backend, Cause, HalfResult, Row, Verdict

_CHECKED = frozenset(
    {Verdict.TRUE, Verdict.NUMERICALLY_TRUE, Verdict.DOCUMENTED_ERROR, Verdict.RANDOM}
)
_FALSE = frozenset({Verdict.DIFFERS, Verdict.ERROR, Verdict.NOT_REACHED})
_PACKAGES = ("torch", "torchvision", "mindspore", "numpy", "opsbridge")


def is_checked(row: Row) -> bool:
    """Whether a statement ran and nothing that the page says about it was found wrong."""
    return row.verdict in _CHECKED


def is_false(row: Row) -> bool:
    """Whether a statement makes its page false: wrong, failed, or out of date."""
    return row.verdict in _FALSE or (row.verdict is Verdict.SKIPPED and row.kind in STALE_CAUSES)


def side_names(half: str, backend: str) -> tuple[str, str]:
    """Return what the two texts of a row are: documented and printed, or what printed each."""
    is_compared = backend == Backend.COMPARED.value
    return (half, Backend.OPSBRIDGE.value) if is_compared else ("documented", "printed")


@dataclass
class PageReport:
    """All halves of a page, and what is wrong with the page as such."""

    path: str
    language: str = ""
    title: str = ""
    problem: str = ""
    is_unusable: bool = False
    """There is no such file, or it is no text: wrong use rather than a wrong page."""
    halves: tuple[HalfResult, ...] = ()

    def rows(self) -> list[Row]:
        """Return the rows of all halves."""
        return [row for half in self.halves for row in half.rows]

    def is_true(self) -> bool:
        """Whether nothing on the page is false and every example that documents was checked.

        A half may be skipped (package missing, not covered by opsbridge) as long as some documented
        output of the same example was checked.
        """
        if self.problem:
            return False
        skipped = {row.example for row in self.rows() if row.verdict is Verdict.SKIPPED}
        checked = {row.example for row in self.rows() if is_checked(row)}
        return not any(map(is_false, self.rows())) and skipped <= checked


@dataclass
class RunReport:
    """A whole run: its pages in the order of the arguments, and what it ran on."""

    pages: list[PageReport]
    isolation: str = ""
    seconds: float = 0.0
    versions: dict[str, str] = field(default_factory=lambda: package_versions())

    def rows(self) -> Iterator[Row]:
        """Yield the rows of all pages."""
        for page in self.pages:
            yield from page.rows()

    def verdicts(self) -> dict[Verdict, int]:
        """Return how many statements have each verdict, those without any included."""
        counts = Counter(row.verdict for row in self.rows())
        return {verdict: counts[verdict] for verdict in Verdict}

    def causes(self) -> dict[Cause, int]:
        """Return how many statements have each kind of cause, the most frequent first."""
        counts = Counter(row.kind for row in self.rows() if row.kind is not None)
        return dict(counts.most_common())

    def exit_status(self) -> int:
        """Return 0 if every page is true, 2 if one was unusable, else 1."""
        if any(page.is_unusable for page in self.pages):
            return 2
        return 0 if all(page.is_true() for page in self.pages) else 1


def package_versions() -> dict[str, str]:
    """Return the versions of the frameworks installed, without importing them."""
    versions = {}
    for name in _PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions
