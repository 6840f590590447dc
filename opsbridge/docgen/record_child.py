"""Runs snippets of generated pages on what is installed, in a process of its own.

Started as `python -m opsbridge.docgen.record_child RESULT` with a JSON list of codes on its
standard input; RESULT gets, for each code, the output of each of its prints, or its error.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    """Run all codes that come in."""
    results = [run_code(code) for code in json.load(sys.stdin)]
    Path(sys.argv[1]).write_text(json.dumps(results), encoding="utf-8")


def run_code(code: str) -> dict[str, Any]:
    """Run one code; its prints are its last lines, and each has an output of its own."""
    lines = code.split("\n")
    prints = [line for line in lines if line.startswith("print(")]
    body = "\n".join(lines[: len(lines) - len(prints)])
    namespace: dict[str, Any] = {"__name__": "__main__"}
    try:
        _output_of(body, namespace)
        return {"outputs": [_output_of(line, namespace) for line in prints]}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


def _output_of(code: str, namespace: dict[str, Any]) -> list[str]:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "<example>", "exec"), namespace)
    return printed.getvalue().splitlines()


if __name__ == "__main__":
    main()
