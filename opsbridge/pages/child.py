"""Runs the statements of one half of an example; the only place that executes a page's code.

Started as `python -m opsbridge.pages.child JOB RESULTS CONTROL` by opsbridge.pages.launch, or in a
fork of opsbridge.pages.zygote, in a working directory and a session of its own. JOB is a JSON file;
results go to the descriptor RESULTS, one JSON object per line, so nothing that the code prints,
closes or replaces can be taken for a result. Standard output is a file that the parent opened; what
a statement wrote there is its output.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import os
import sys
import tempfile
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from opsbridge.pages.supervisor import supervise


def start(file: str, results: int, control: int) -> NoReturn:
    """Run the job in a file under supervision; write results and its end to the descriptors."""
    job = json.loads(Path(file).read_text(encoding="utf-8"))
    os.set_inheritable(results, False)
    supervise(job, control, lambda: _Session(job, results).run())


class _Session:
    def __init__(self, job: dict[str, Any], results: int) -> None:
        self._job = job
        self._results = results
        self._process = os.getpid()
        self._output = os.dup(1)

    def run(self) -> None:
        """Run every statement up to the first undocumented error."""
        os.environ.update(self._job["environment"])
        tempfile.tempdir = None  # a warm process may have looked it up already
        os.chdir(self._job["work"])
        _limit(self._job)
        namespace = _main_module(self._job["file"])
        with _stand_in(self._job["stand_in"]):
            for statement in self._job["statements"]:
                if not self._run_statement(statement, namespace):
                    break
            self._report({"done": True})

    def _run_statement(self, statement: dict[str, Any], namespace: dict[str, Any]) -> bool:
        self._report({"start": statement["index"]})
        os.dup2(self._output, 1)
        sys.stdout = io.TextIOWrapper(
            io.FileIO(1, "w", closefd=False), encoding="utf-8", newline="\n", write_through=True
        )
        error: dict[str, Any] | None = None
        try:
            _execute(statement, self._job["file"], namespace)
        except BaseException as raised:
            error = self._describe(raised, statement, namespace)
        if os.getpid() != self._process:
            os._exit(0)  # a fork of the code's own: the statement's results are the parent's
        output, is_cut = self._take_output()
        self._report({"end": statement["index"], "output": output, "cut": is_cut, "error": error})
        documented = error is not None and error["name"] in statement["errors"]
        return not is_cut and (error is None or documented)

    def _describe(
        self, error: BaseException, statement: dict[str, Any], namespace: dict[str, Any]
    ) -> dict[str, Any]:
        from opsbridge.pages.evidence import bare, describe

        sources = [each["source"] for each in self._job["statements"]]
        until = self._job["statements"].index(statement) + 1
        try:
            return describe(error, sources[:until], namespace, self._job["file"])
        except Exception:  # the code's own objects may refuse to be looked at
            return bare(error)

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


@contextlib.contextmanager
def _stand_in(framework: str) -> Iterator[None]:
    """Let the framework named mean opsbridge's stand-in for it; '' changes nothing."""
    if framework == "MindSpore":
        from opsbridge.mindspore.alias import as_mindspore

        with as_mindspore():
            yield
    elif framework == "PyTorch":
        from opsbridge.torch.alias import as_torch

        with as_torch():
            yield
    else:
        yield


def _execute(statement: dict[str, Any], file: str, namespace: dict[str, Any]) -> None:
    body = ast.parse(statement["source"]).body
    for node in body:
        ast.increment_lineno(node, statement["line"] - 1)
    tree = ast.Interactive(body) if statement["show"] else ast.Module(body, type_ignores=[])
    mode = "single" if statement["show"] else "exec"
    exec(compile(tree, file, mode, dont_inherit=True), namespace)
    if statement["value_of"]:
        print(namespace[statement["value_of"]])


def _limit(job: dict[str, Any]) -> None:
    with contextlib.suppress(ImportError):
        import resource

        # Not RLIMIT_AS: CUDA-enabled builds reserve far more addresses than they use.
        _lower(resource.RLIMIT_DATA, job["memory_bytes"])
        _lower(resource.RLIMIT_FSIZE, job["file_bytes"])
        _lower(resource.RLIMIT_CORE, 0)
        if any(job["isolation"].values()):  # else it would count all processes of the user
            _lower(resource.RLIMIT_NPROC, job["processes"])


def _lower(kind: int, limit: int) -> None:
    import resource

    _, hard = resource.getrlimit(kind)
    limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(kind, (limit, limit))


if __name__ == "__main__":
    start(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
