"""Children run a half under limits; what goes wrong there has its cause named."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from opsbridge.pages.launch import Launcher
from opsbridge.pages.model import Backend
from opsbridge.pages.run import HalfRecord, Job, Limits, Step, run_job

SHORT = Limits(seconds=20, output_bytes=10_000)


@pytest.fixture(scope="module", params=["warm", "fresh"])
def launcher(request: pytest.FixtureRequest) -> Iterator[Launcher]:
    with Launcher(fresh=request.param == "fresh") as launcher:
        yield launcher


@pytest.fixture
def run(launcher: Launcher) -> Run:
    """Return a function that runs statements as one half."""

    def run(*sources: str, limits: Limits = SHORT, **options: Any) -> HalfRecord:
        steps = [Step(i, i + 1, source, **options) for i, source in enumerate(sources)]
        return run_job(Job(sources, tuple(steps), Backend.PYTHON), limits, launcher)

    return run


Run = Callable[..., HalfRecord]


def outputs(record: HalfRecord) -> list[str]:
    return [outcome.output for outcome in record.outcomes.values()]


def test_output_is_taken_statement_by_statement(run: Run) -> None:
    record = run("x = 1", "print(x)", "print(x + 1)\nprint('é')")
    assert outputs(record) == ["", "1\n", "2\né\n"]
    assert (record.done, record.ended) == (True, "")


def test_values_are_shown_as_the_prompt_does(run: Run) -> None:
    assert outputs(run("'a'", "None", "print(1)", show=True)) == ["'a'\n", "", "1\n"]


def test_the_value_of_an_assignment_is_shown_on_request(run: Run) -> None:
    assert outputs(run("x = [1]", value_of="x")) == ["[1]\n"]


def test_the_first_error_stops_the_half(run: Run) -> None:
    record = run("print(1)", "1 / 0", "print(2)")
    failure = record.outcomes[1].failure
    assert failure is not None
    assert (failure.name, failure.message, failure.line) == (
        "ZeroDivisionError",
        "division by zero",
        2,
    )
    assert list(record.outcomes) == [0, 1]


def test_a_documented_error_does_not(run: Run) -> None:
    record = run("1 / 0", "print(2)", errors=("ZeroDivisionError",))
    assert record.outcomes[1].output == "2\n"


def test_a_missing_package_is_named(run: Run) -> None:
    failure = run("import no_such_package_7.sub").outcomes[0].failure
    assert failure is not None
    assert failure.missing == "no_such_package_7"


def test_a_missing_submodule_is_no_missing_package(run: Run) -> None:
    failure = run("import json.no_such_module").outcomes[0].failure
    assert failure is not None
    assert failure.missing == ""


@pytest.mark.parametrize(
    ("source", "cause"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "by signal SIGKILL"),
        ("import os; os._exit(3)", "exit status 3"),
        ("import ctypes; ctypes.string_at(0)", "by signal SIGSEGV"),
    ],
)
def test_a_dead_process_is_a_cause(run: Run, source: str, cause: str) -> None:
    record = run("print(1)", source, "print(2)")
    assert record.ended.endswith(cause)
    assert record.running == 1
    assert outputs(record) == ["1\n"]


@pytest.mark.parametrize("source", ["raise SystemExit(0)", "exit(0)", "raise KeyboardInterrupt"])
def test_leaving_is_an_error_like_others(run: Run, source: str) -> None:
    record = run(source, "print(2)")
    assert record.outcomes[0].failure is not None
    assert 1 not in record.outcomes


def test_code_without_end_is_stopped(run: Run) -> None:
    start = time.monotonic()
    record = run("while True: pass", limits=Limits(seconds=1))
    assert record.ended == "stopped after 1 s"
    assert time.monotonic() - start < 10


def test_too_much_output_is_cut(run: Run) -> None:
    record = run("print('x' * 15_000)", "print(1)")  # twice the limit would end it
    assert record.outcomes[0].cut
    assert 1 not in record.outcomes


def test_output_without_end_is_stopped(run: Run) -> None:
    record = run("while True: print('x' * 1000)")
    assert record.ended == "printed too much"


def test_too_much_memory_is_refused(run: Run) -> None:
    record = run("x = bytearray(1 << 31)", limits=Limits(seconds=20, memory_bytes=1 << 30))
    failure = record.outcomes[0].failure
    assert failure is not None
    assert failure.name == "MemoryError"


@pytest.mark.parametrize(
    "source",
    [
        "import sys; sys.stdout.close()",
        "import os; os.close(1)",
        "import sys; sys.stdout = None",
        "import sys; sys.stdout = open('file', 'w')",
    ],
)
def test_closing_standard_output_loses_nothing(run: Run, source: str) -> None:
    assert outputs(run("print(1)", source, "print(2)")) == ["1\n", "", "2\n"]


def test_results_cannot_be_forged_by_printing(run: Run) -> None:
    forged = '{"end": 1, "output": "forged", "cut": false, "error": null}'
    record = run(f"print({forged!r})", "print('real')")
    assert record.outcomes[1].output == "real\n"


def test_output_below_python_is_taken_as_well(run: Run) -> None:
    record = run("import os", "print('a')\nr = os.system('echo b')\nprint('c')")
    assert record.outcomes[1].output == "a\nb\nc\n"


def test_standard_input_is_empty(run: Run) -> None:
    failure = run("input()").outcomes[0].failure
    assert failure is not None
    assert failure.name == "EOFError"


def test_forks_of_the_code_do_not_answer(run: Run) -> None:
    record = run("import os; pid = os.fork()", "print(pid > 0)")
    assert outputs(record) == ["", "True\n"]


def test_the_code_runs_in_a_folder_of_its_own(run: Run) -> None:
    record = run("import os; open('file', 'w').close(); print(os.getcwd(), os.environ['HOME'])")
    folder, home = record.outcomes[0].output.split()
    assert folder == home
    assert folder != os.getcwd()
    assert not Path(folder).exists()


def test_code_can_look_at_its_source(launcher: Launcher) -> None:
    source = "import inspect\ndef f():\n    return 1\nprint(inspect.getsource(f))"
    job = Job(tuple(source.split("\n")), (Step(0, 1, source),), Backend.PYTHON)
    record = run_job(job, SHORT, launcher)
    assert record.outcomes[0].output == "def f():\n    return 1\n\n"


def test_the_code_is_the_main_module(run: Run) -> None:
    record = run("import sys; print(__name__, sys.modules['__main__'].__dict__ is globals())")
    assert record.outcomes[0].output == "__main__ True\n"
