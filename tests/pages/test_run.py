"""Children run a half under limits; what goes wrong there has its cause named."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from opsbridge.pages.model import Backend
from opsbridge.pages.run import HalfRecord, Limits, Step, run_half

SHORT = Limits(seconds=20, output_bytes=10_000)


def run(*sources: str, limits: Limits = SHORT, **options: object) -> HalfRecord:
    steps = [Step(i, i + 1, source, **options) for i, source in enumerate(sources)]  # type: ignore[arg-type]
    return run_half(sources, steps, Backend.PYTHON, limits)


def outputs(record: HalfRecord) -> list[str]:
    return [outcome.output for outcome in record.outcomes.values()]


def test_output_is_taken_statement_by_statement() -> None:
    record = run("x = 1", "print(x)", "print(x + 1)\nprint('é')")
    assert outputs(record) == ["", "1\n", "2\né\n"]
    assert (record.done, record.ended) == (True, "")


def test_values_are_shown_as_the_prompt_does() -> None:
    assert outputs(run("'a'", "None", "print(1)", show=True)) == ["'a'\n", "", "1\n"]


def test_the_value_of_an_assignment_is_shown_on_request() -> None:
    assert outputs(run("x = [1]", value_of="x")) == ["[1]\n"]


def test_the_first_error_stops_the_half() -> None:
    record = run("print(1)", "1 / 0", "print(2)")
    failure = record.outcomes[1].failure
    assert failure is not None
    assert (failure.name, failure.message, failure.line) == (
        "ZeroDivisionError",
        "division by zero",
        2,
    )
    assert list(record.outcomes) == [0, 1]


def test_a_documented_error_does_not() -> None:
    record = run("1 / 0", "print(2)", errors=("ZeroDivisionError",))
    assert record.outcomes[1].output == "2\n"


def test_a_missing_package_is_named() -> None:
    failure = run("import no_such_package_7.sub").outcomes[0].failure
    assert failure is not None
    assert failure.missing == "no_such_package_7"


def test_a_missing_submodule_is_no_missing_package() -> None:
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
def test_a_dead_process_is_a_cause(source: str, cause: str) -> None:
    record = run("print(1)", source, "print(2)")
    assert record.ended.endswith(cause)
    assert record.running == 1
    assert outputs(record) == ["1\n"]


@pytest.mark.parametrize("source", ["raise SystemExit(0)", "exit(0)", "raise KeyboardInterrupt"])
def test_leaving_is_an_error_like_others(source: str) -> None:
    record = run(source, "print(2)")
    assert record.outcomes[0].failure is not None
    assert 1 not in record.outcomes


def test_code_without_end_is_stopped() -> None:
    start = time.monotonic()
    record = run("while True: pass", limits=Limits(seconds=1))
    assert record.ended == "stopped after 1 s"
    assert time.monotonic() - start < 10


def test_what_the_code_started_ends_with_it(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    source = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"open({str(note)!r}, 'w').write(str(child.pid))"
    )
    run(source, "while True: pass", limits=Limits(seconds=3))
    assert not _is_alive(int(note.read_text()))


def _is_alive(process: int) -> bool:
    for _ in range(100):
        try:
            state = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except FileNotFoundError:
            return False
        if state == "Z":
            return False
        time.sleep(0.05)
    return True


def test_too_much_output_is_cut() -> None:
    record = run("print('x' * 20_000)", "print(1)")
    assert record.outcomes[0].cut
    assert 1 not in record.outcomes


def test_output_without_end_is_stopped() -> None:
    record = run("while True: print('x' * 1000)")
    assert record.ended == "printed too much"


def test_too_much_memory_is_refused() -> None:
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
def test_closing_standard_output_loses_nothing(source: str) -> None:
    assert outputs(run("print(1)", source, "print(2)")) == ["1\n", "", "2\n"]


def test_results_cannot_be_forged_by_printing() -> None:
    forged = '{"end": 1, "output": "forged", "cut": false, "error": null}'
    record = run(f"print({forged!r})", "print('real')")
    assert record.outcomes[1].output == "real\n"


def test_output_below_python_is_taken_as_well() -> None:
    record = run("import os", "print('a')\nr = os.system('echo b')\nprint('c')")
    assert record.outcomes[1].output == "a\nb\nc\n"


def test_standard_input_is_empty() -> None:
    failure = run("input()").outcomes[0].failure
    assert failure is not None
    assert failure.name == "EOFError"


def test_forks_of_the_code_do_not_answer() -> None:
    record = run("import os; pid = os.fork()", "print(pid > 0)")
    assert outputs(record) == ["", "True\n"]


def test_the_code_runs_in_a_folder_of_its_own() -> None:
    record = run("import os; open('file', 'w').close(); print(os.getcwd(), os.environ['HOME'])")
    folder, home = record.outcomes[0].output.split()
    assert folder == home
    assert folder != os.getcwd()
    assert not Path(folder).exists()


def test_code_can_look_at_its_source() -> None:
    source = "import inspect\ndef f():\n    return 1\nprint(inspect.getsource(f))"
    step = Step(0, 1, source)
    record = run_half(source.split("\n"), [step], Backend.PYTHON, SHORT)
    assert record.outcomes[0].output == "def f():\n    return 1\n\n"


def test_the_code_is_the_main_module() -> None:
    record = run("import sys; print(__name__, sys.modules['__main__'].__dict__ is globals())")
    assert record.outcomes[0].output == "__main__ True\n"
