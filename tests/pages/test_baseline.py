"""A run against an earlier one: only changes for the worse count."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from fake_run import page, row

from opsbridge.pages.baseline import Baseline, Comparison
from opsbridge.pages.json_report import write_json
from opsbridge.pages.model import Verdict
from opsbridge.pages.report import PageReport, RunReport


def compare(tmp_path: Path, before: list[PageReport], after: list[PageReport]) -> Comparison:
    path = str(tmp_path / "before.json")
    write_json(RunReport(before), path)
    return Baseline(path).compare(RunReport(after))


@pytest.mark.parametrize(
    ("before", "after", "outcome"),
    [
        (Verdict.TRUE, Verdict.DIFFERS, "worse"),
        (Verdict.TRUE, Verdict.SKIPPED, "worse"),
        (Verdict.SKIPPED, Verdict.ERROR, "worse"),
        (Verdict.DIFFERS, Verdict.TRUE, "better"),
        (Verdict.NOT_REACHED, Verdict.SKIPPED, "better"),
        (Verdict.SKIPPED, Verdict.RANDOM, "better"),
        (Verdict.TRUE, Verdict.NUMERICALLY_TRUE, "same"),
        (Verdict.DIFFERS, Verdict.ERROR, "same"),
    ],
)
def test_what_is_worse(tmp_path: Path, before: Verdict, after: Verdict, outcome: str) -> None:
    found = compare(tmp_path, [page("a.md", row(before))], [page("a.md", row(after))])
    counts = {"worse": len(found.worse), "better": len(found.better)}
    assert counts == {"worse": int(outcome == "worse"), "better": int(outcome == "better")}
    assert not found.new_pages
    assert not found.gone


def test_lines_may_move(tmp_path: Path) -> None:
    rows = [row(Verdict.TRUE), row(Verdict.DIFFERS), row(Verdict.TRUE, "print(y)")]
    moved = [dataclasses.replace(item, where=f"{number}") for number, item in enumerate(rows, 90)]
    found = compare(tmp_path, [page("a.md", *rows)], [page("a.md", *moved)])
    assert found == Comparison()


def test_equal_statements_are_told_apart_by_their_order(tmp_path: Path) -> None:
    before = page("a.md", row(Verdict.TRUE), row(Verdict.DIFFERS))
    after = page("a.md", row(Verdict.DIFFERS), row(Verdict.TRUE))
    found = compare(tmp_path, [before], [after])
    assert (len(found.worse), len(found.better)) == (1, 1)


def test_new_statements_and_pages(tmp_path: Path) -> None:
    before = [page("a.md", row(Verdict.TRUE))]
    after = [
        page("a.md", row(Verdict.TRUE), row(Verdict.DIFFERS, "print(new)")),
        page("b.md", row(Verdict.TRUE)),
        page("c.md", row(Verdict.ERROR)),
    ]
    found = compare(tmp_path, before, after)
    assert found.new_pages == ["  b.md", "  c.md"]
    assert [line.split(":")[0].strip() for line in found.worse] == ["a.md", "c.md"]
    assert all(line.endswith("(new)") for line in found.worse)


def test_an_edited_statement_is_gone_and_new(tmp_path: Path) -> None:
    found = compare(
        tmp_path,
        [page("a.md", row(Verdict.DIFFERS, "print(x)"))],
        [page("a.md", row(Verdict.TRUE, "print(x.shape)"))],
    )
    assert (found.worse, found.better, len(found.gone)) == ([], [], 1)


def test_a_page_that_became_unreadable(tmp_path: Path) -> None:
    broken = PageReport("a.md", problem="byte 4 is 0x00", is_unusable=True)
    found = compare(tmp_path, [page("a.md", row(Verdict.TRUE))], [broken])
    assert found.worse == ["  a.md: byte 4 is 0x00"]
    again = compare(tmp_path, [broken], [broken])
    assert not again.worse


@pytest.mark.parametrize(
    ("matching", "others", "after"),
    [
        (["docs/en/a.md", "docs/en/nn/b.md"], [], ["/repo/docs/en/a.md", "/repo/docs/en/nn/b.md"]),
        (["a.md", "nn/b.md"], [], ["../docs/a.md", "../docs/nn/b.md"]),
        (["docs/nn/a.md", "docs/nn/b.md"], ["docs/a.md"], ["docs/nn/a.md", "docs/nn/b.md"]),
        (["docs/zh/a.md"], ["docs/en/a.md"], ["docs/zh/a.md"]),
        (["docs/a.md"], [], ["docs/a.md"]),
        (["docs/a.md"], [], ["a.md"]),
    ],
)
def test_pages_are_found_from_another_folder(
    tmp_path: Path, matching: list[str], others: list[str], after: list[str]
) -> None:
    # Only the pages that are to be found were true: no other one can become worse.
    before = [page(path, row(Verdict.TRUE)) for path in matching]
    before += [page(path, row(Verdict.ERROR)) for path in others]
    found = compare(tmp_path, before, [page(path, row(Verdict.DIFFERS)) for path in after])
    assert not found.new_pages
    assert len(found.worse) == len(after)


def test_the_lines_of_a_comparison(tmp_path: Path) -> None:
    found = compare(
        tmp_path, [page("a.md", row(Verdict.TRUE))], [page("a.md", row(Verdict.DIFFERS))]
    )
    assert found.lines() == [
        "worse than the baseline:",
        "  a.md:12: example 1, PyTorch on PyTorch, `print(x)`: differs (was: true)",
        "1 worse than the baseline, 0 better than the baseline, 0 new pages, 0 no longer there",
    ]
