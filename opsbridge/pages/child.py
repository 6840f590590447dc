"""Runs the statements of one half of an example; the only place that executes a page's code.

Started as `python -m opsbridge.pages.child JOB FD` by opsbridge.pages.run, in a process, a working
directory and a process group of its own. JOB is a JSON file; results go to the descriptor FD, one
JSON object per line, so nothing that the code prints, closes or replaces can be taken for a result.
Standard output is a file that the parent opened; what a statement wrote there is its output.
"""

from __future__ import annotations

import ast
import contextlib
import importlib.util
import io
import json
import os
import sys
import types
from pathlib import Path
from typing import Any

_MAX_MESSAGE = 4000


def main(arguments: list[str]) -> None:
    """Run the job in the file named first; write results to the descriptor named second."""
    job = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    _Session(job, int(arguments[1])).run()


class _Session:
    def __init__(self, job: dict[str, Any], results: int) -> None:
        self._job = job
        self._results = results
        self._process = os.getpid()
        self._output = os.dup(1)
        os.set_inheritable(results, False)
        _limit_memory(int(job["memory_bytes"]))

    def run(self) -> None:
        """Run every statement up to the first undocumented error."""
        namespace = _main_module(self._job["file"])
        with contextlib.ExitStack() as stack:
            uncovered: type[BaseException] | tuple[()] = ()
            if self._job["stand_in"]:
                from opsbridge.mindspore.alias import NotCovered, as_mindspore

                stack.enter_context(as_mindspore())
                uncovered = NotCovered
            for statement in self._job["statements"]:
                if not self._run_statement(statement, namespace, uncovered):
                    break
            self._report({"done": True})
        # Threads and exit handlers of the code must not keep or change anything from here on.
        os._exit(0)

    def _run_statement(
        self,
        statement: dict[str, Any],
        namespace: dict[str, Any],
        uncovered: type[BaseException] | tuple[()],
    ) -> bool:
        self._report({"start": statement["index"]})
        os.dup2(self._output, 1)
        sys.stdout = io.TextIOWrapper(
            io.FileIO(1, "w", closefd=False), encoding="utf-8", newline="\n", write_through=True
        )
        error: dict[str, Any] | None = None
        try:
            _execute(statement, self._job["file"], namespace)
        except BaseException as raised:
            error = _describe(raised, uncovered, self._job["file"])
        if os.getpid() != self._process:
            os._exit(0)  # a fork of the code's own: the statement's results are the parent's
        output, is_cut = self._take_output()
        self._report({"end": statement["index"], "output": output, "cut": is_cut, "error": error})
        documented = error is not None and error["class"] in statement["errors"]
        return not is_cut and (error is None or documented)

    def _take_output(self) -> tuple[str, bool]:
        with contextlib.suppress(Exception):  # the code may have put anything there
            sys.stdout.flush()
        limit = int(self._job["output_bytes"])
        size = os.fstat(self._output).st_size
        data = os.pread(self._output, min(size, limit), 0)
        os.ftruncate(self._output, 0)
        return data.decode("utf-8", errors="replace"), size > limit

    def _report(self, result: dict[str, Any]) -> None:
        data = json.dumps(result).encode() + b"\n"
        while data:
            data = data[os.write(self._results, data) :]


def _main_module(file: str) -> dict[str, Any]:
    """Return the namespace of a fresh `__main__` that inspect can find the source of."""
    module = types.ModuleType("__main__")
    module.__file__ = file
    sys.modules["__main__"] = module
    sys.argv = [file]
    return module.__dict__


def _execute(statement: dict[str, Any], file: str, namespace: dict[str, Any]) -> None:
    body = ast.parse(statement["source"]).body
    for node in body:
        ast.increment_lineno(node, statement["line"] - 1)
    tree = ast.Interactive(body) if statement["show"] else ast.Module(body, type_ignores=[])
    mode = "single" if statement["show"] else "exec"
    exec(compile(tree, file, mode, dont_inherit=True), namespace)
    if statement["value_of"]:
        print(namespace[statement["value_of"]])


def _describe(
    error: BaseException, uncovered: type[BaseException] | tuple[()], file: str
) -> dict[str, Any]:
    """Return what the parent needs to know about an exception."""
    try:
        message = str(error)
    except Exception:
        message = "(its message cannot be shown)"
    line = None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            line = trace.tb_lineno
        trace = trace.tb_next
    return {
        "class": type(error).__name__,
        "message": message[:_MAX_MESSAGE],
        "line": line,
        "missing": _missing_package(error),
        "uncovered": bool(uncovered) and isinstance(error, uncovered),
    }


def _missing_package(error: BaseException) -> str:
    """Return the name of the package whose absence caused an error, or ''."""
    if not isinstance(error, ModuleNotFoundError) or not error.name:
        return ""
    root = error.name.split(".")[0]
    try:
        return "" if importlib.util.find_spec(root) else root
    except (ImportError, ValueError):
        return ""


def _limit_memory(limit: int) -> None:
    # Not RLIMIT_AS: CUDA-enabled builds reserve far more addresses than they use.
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        if hard != resource.RLIM_INFINITY:
            limit = min(limit, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))


if __name__ == "__main__":
    main(sys.argv[1:])
