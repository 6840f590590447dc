"""Pages are checked in parallel, equal halves once, and what differs twice."""

from __future__ import annotations

import threading
import time

import pytest

pytest.importorskip("markdown_it", reason="markdown-it-py of opsbridge[docs] parses the pages")
pytest.importorskip("pytest_doctestplus", reason="pytest-doctestplus of opsbridge[docs] compares")

from opsbridge.pages.check import Backends, check_pages
from opsbridge.pages.judge import judge_half
from opsbridge.pages.model import Backend, Cause, Page, PageResult, Progress, Row, Verdict
from opsbridge.pages.read import parse_page
from opsbridge.pages.rerun import is_random
from opsbridge.pages.run import HalfRecord, Limits, Outcome

REAL = Backends.chosen("real", "real")


def page(code: str, path: str = "page.md") -> Page:
    return parse_page(f"# Differences\n\n## Code Example\n\n```python\n{code}\n```\n", path)


def check(*pages: Page, backends: Backends = REAL, workers: int = 2) -> list[PageResult]:
    results = check_pages(pages, backends, Limits(seconds=20), workers)
    return sorted(results, key=lambda result: result.page)


def rows(code: str) -> list[Row]:
    (result,) = check(page(code))
    return [row for half in result.halves for row in half.rows]


def test_every_page_has_its_result() -> None:
    pages = [page(f"print({number})\n# {number}", f"{number}.md") for number in range(4)]
    results = check(*pages, page("", "empty.md"))
    assert [result.page for result in results] == [0, 1, 2, 3, 4]
    assert [row.printed for result in results for half in result.halves for row in half.rows] == [
        "0\n", "1\n", "2\n", "3\n",
    ]  # fmt: skip
    assert results[4].halves == ()


def test_equal_halves_of_two_pages_run_once() -> None:
    code = "import time\nx = time.time_ns()\nprint(x)\n# {}"
    results = check(page(code.format(1), "en.md"), page("\n" + code.format(2), "zh.md"))
    (first,), (second,) = (result.halves for result in results)
    assert (first.same_as, second.same_as) == ("", "en.md")
    assert first.rows[0].printed == second.rows[0].printed
    assert (first.rows[0].documented, second.rows[0].documented) == ("1", "2")
    assert (first.rows[0].where, second.rows[0].where) == ("8", "9")


def test_halves_that_differ_in_a_statement_both_run() -> None:
    results = check(page("print(1)\n# 1", "a.md"), page("print(1 )\n# 1", "b.md"))
    assert [half.same_as for result in results for half in result.halves] == ["", ""]


def test_workers_run_side_by_side() -> None:
    pages = [page(f"import time\ntime.sleep(3)\nprint({i})\n# {i}", f"{i}.md") for i in range(2)]
    told: list[Progress] = []
    list(check_pages(pages, REAL, Limits(seconds=60), 2, told.append))
    begun = [each.path for each in told if each.statement == "time.sleep(3)" and each.done == 0]
    assert sorted(begun) == ["0.md", "1.md"]


def test_progress_tells_statements_and_halves() -> None:
    told: list[Progress] = []
    threads = set()

    def note(progress: Progress) -> None:
        told.append(progress)
        threads.add(threading.get_ident())

    list(check_pages([page("x = 1\nprint(x)\n# 1")], REAL, Limits(seconds=20), 1, note))
    assert [(each.where, each.statement, each.done) for each in told] == [
        ("6", "x = 1", 0), ("7", "print(x)", 0), ("", "", 1),
    ]  # fmt: skip
    assert {each.total for each in told} == {1}
    assert threads == {threading.get_ident()}


def test_leaving_early_ends_what_runs() -> None:
    pages = [page("print(1)\n# 1"), page("import time\ntime.sleep(600)\nprint(1)\n# 1")]
    start = time.monotonic()
    for result in check_pages(pages, REAL, Limits(), 2):
        assert result.page == 0
        break
    assert time.monotonic() - start < 15


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        ("import random\nprint(random.random())\n# 0.5", Verdict.RANDOM),
        ("import random\nrandom.seed(1)\nprint(random.random())\n# 0.5", Verdict.DIFFERS),
        ("import random\nprint([random.random()])\n# 0.5", Verdict.DIFFERS),  # another form
        ("import random\nprint([random.random()])\n# [0.5]", Verdict.RANDOM),
        ("print(object())\n# <object object at 0x7f5e48142bd0>", Verdict.NUMERICALLY_TRUE),
        ("print([object()])\n# <object object at 0x7f5e48142bd0>", Verdict.DIFFERS),
        ("print(set('abcdefghij'))\n# {'a'}", Verdict.RANDOM),
        ("print(1)\n# 2", Verdict.DIFFERS),
    ],
)  # fmt: skip
def test_random_outputs(code: str, verdict: Verdict) -> None:
    (row,) = rows(code)
    assert row.verdict is verdict


def test_a_fixed_seed_of_hashes_hides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    (row,) = rows("print(set('abcdefghij'))\n# {'a'}")
    assert row.verdict is Verdict.RANDOM


def test_an_output_that_a_third_run_changes_is_random() -> None:
    one = page("print(x)\n# 0.5")

    def record(output: str) -> HalfRecord:
        return HalfRecord(outcomes={0: Outcome(output)}, done=True)

    def verdict(*others: str) -> Verdict:
        records = [record(other) for other in others]
        (row,) = judge_half(one, one.statements, [], record("0.0\n"), Backend.PYTHON, records)
        return row.verdict

    assert verdict() is verdict("0.0\n") is verdict("0.0\n", "0.0\n") is Verdict.DIFFERS
    assert verdict("0.0\n", "0.25\n") is Verdict.RANDOM


def test_numbers_of_another_kind_are_not_random() -> None:
    assert is_random(["[0.5 0.25]"], "[0.1 0.7]", "[0.2 0.9]")
    assert not is_random(["[1 2]"], "[0.1 0.7]", "[0.2 0.9]")
    assert not is_random(["[0.5 0.25]"], "[0.1 0.7]", "[0.1 0.7]")


@pytest.mark.parametrize(
    ("code", "kind", "verdict"),
    [
        ("while True: pass", Cause.TIME, Verdict.ERROR),
        ("import os; os._exit(1)", Cause.ENDED, Verdict.ERROR),
        ("while True: print('x' * 10_000)", Cause.OUTPUT, Verdict.ERROR),
        ("x = bytearray(1 << 60)", Cause.MEMORY, Verdict.ERROR),
        ("import no_such_package_7", Cause.PACKAGE, Verdict.SKIPPED),
        ("x = = 1", Cause.SYNTAX, Verdict.ERROR),
        ("open('data/x.txt')", Cause.DATA, Verdict.SKIPPED),
    ],
)
def test_the_run_goes_on_after_every_failure(code: str, kind: Cause, verdict: Verdict) -> None:
    pages = [page(f"{code}\nprint(1)\n# 1"), page("print(2)\n# 2")]
    bad, good = sorted(check_pages(pages, REAL, Limits(seconds=3), 1), key=lambda each: each.page)
    first, *_ = bad.halves[0].rows
    assert (first.kind, first.verdict) == (kind, verdict)
    assert good.halves[0].rows[0].verdict is Verdict.TRUE


def test_an_error_that_the_example_prints_is_told_by_its_cause() -> None:
    code = "try:\n    raise ValueError('Unsupported op [Diag] on CPU')\nexcept ValueError as e:\n"
    (row,) = rows(code + "    print(e)\n# [1 2]")
    assert (row.verdict, row.kind) == (Verdict.SKIPPED, Cause.PLATFORM)
    assert row.printed == "Unsupported op [Diag] on CPU\n"


def test_what_differs_is_shown_with_the_prints_that_share_its_comment() -> None:
    (row,) = rows("print(1)\nprint(2)\n# 1\n# 3")
    assert (row.verdict, row.printed) == (Verdict.DIFFERS, "1\n2\n")


def test_a_failure_of_the_own_half_is_not_laid_on_the_prelude() -> None:
    code = "# PyTorch\n\n# MindSpore\nx = 1 / 0\n\n# PyTorch\ny = 2\n\n# MindSpore\nprint(y)\n# 2"
    (row, stopped) = rows(code)
    assert row.cause == "ZeroDivisionError: division by zero"
    assert (stopped.verdict, stopped.kind) == (Verdict.NOT_REACHED, Cause.STOPPED)


def test_two_backends_are_compared() -> None:
    code = "# MindSpore\nimport sys\nprint('mindspore' in sys.modules, 1)\n# False 1\nprint(2)\n# 3"
    (result,) = check(page(code), backends=Backends.chosen(mindspore="both"))
    assert [half.backend for half in result.halves] == [
        Backend.MINDSPORE, Backend.OPSBRIDGE, Backend.COMPARED,
    ]  # fmt: skip
    first, second = result.halves[2].rows
    assert (first.verdict, first.documented, first.printed) == (
        Verdict.DIFFERS, "False 1\n", "True 1\n",
    )  # fmt: skip
    assert second.verdict is Verdict.TRUE  # both are wrong in the same way
