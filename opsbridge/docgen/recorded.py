"""Outputs of snippets as the real frameworks and opsbridge printed them, with their versions.

They are kept in `docs/recorded/`, one file per environment, and never made up: a snippet that was
not run there has no output.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from opsbridge.docgen.snippet import Snippet
from opsbridge.errors import PageError
from opsbridge.tables.load import table_root

Outputs = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Recording:
    """What snippets of one environment printed, by code, one output per print."""

    versions: dict[str, str]
    outputs: dict[str, Outputs]


def recordings_folder() -> Path:
    """Where the recordings are: in the installed package, or in the docs of a checkout."""
    package = Path(__file__).resolve().parents[1]
    root = table_root().resolve().parent
    return root / "recorded" if root == package else root / "docs" / "recorded"


def recording_of(environment: str) -> Recording | None:
    """The recording of an environment, if there is one."""
    return _read(recordings_folder() / f"{environment}.json")


def installed_versions(snippet: Snippet) -> dict[str, str] | None:
    """The installed versions that the output of a snippet depends on; None where one is missing."""
    try:
        return {
            name: importlib.metadata.version(name).partition("+")[0]
            for name in dict.fromkeys((snippet.package, snippet.library))
        }
    except importlib.metadata.PackageNotFoundError:
        return None


def record(snippets: Iterable[Snippet]) -> Recording:
    """Run snippets of one environment, which is installed, in a child process.

    Raises:
        PageError: the process or a snippet failed; the message shows its code.
    """
    ordered = sorted(set(snippets), key=lambda snippet: snippet.code)
    versions = installed_versions(ordered[0])
    assert versions is not None
    outputs: dict[str, Outputs] = {}
    codes = [snippet.code for snippet in ordered]
    for code, result in zip(codes, _run(codes), strict=True):
        if "error" in result:
            raise PageError(f"docs: an example raised {result['error']}\n{code}")
        outputs[code] = tuple(map(tuple, result["outputs"]))
    return Recording(versions, outputs)


def write_recording(recording: Recording, path: Path) -> None:
    """Write a recording, one line of text per line of code and output."""
    examples = [
        {"code": code.split("\n"), "outputs": outputs}
        for code, outputs in sorted(recording.outputs.items())
    ]
    data = {"versions": recording.versions, "platform": "cpu", "examples": examples}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    _read.cache_clear()


def _run(codes: list[str]) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.json"
        command = [sys.executable, "-m", "opsbridge.docgen.record_child", str(result)]
        environment = {**os.environ, "GLOG_v": "3"}
        child = subprocess.run(
            command, input=json.dumps(codes), env=environment, text=True, capture_output=True
        )
        if child.returncode or not result.exists():
            raise PageError(f"docs: the examples cannot be run: {child.stderr.strip()[-2000:]}")
        results: list[dict[str, Any]] = json.loads(result.read_text(encoding="utf-8"))
        return results


@lru_cache
def _read(path: Path) -> Recording | None:
    if not path.exists():
        return None
    data = json.loads(path.read_text(encoding="utf-8"))
    outputs = {
        "\n".join(example["code"]): tuple(map(tuple, example["outputs"]))
        for example in data["examples"]
    }
    return Recording(data["versions"], outputs)
