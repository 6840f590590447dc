"""Outputs of snippets as the real frameworks and opsbridge printed them, with their versions.

They are kept in `docs/recorded/`, one file per environment, and never made up: a snippet that was
not run there has no output.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from opsbridge.docgen.libraries import installed_version
from opsbridge.docgen.snippet import Snippet
from opsbridge.errors import PageError
from opsbridge.pages.launch import Launcher
from opsbridge.pages.model import Backend
from opsbridge.pages.run import Job, Limits, Step, run_job
from opsbridge.tables.load import table_root

Outputs = tuple[tuple[str, ...], ...]
_AT_ONCE = 2  # children, each with a framework in memory


@dataclass(frozen=True)
class Recording:
    """What snippets of one environment printed, by code, one output per print.

    ``errors`` has the last line of the error for codes that the framework refuses on a CPU.
    """

    versions: dict[str, str]
    outputs: dict[str, Outputs]
    errors: dict[str, str] = field(default_factory=dict)


@lru_cache
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
    found = [installed_version(name) for name in (snippet.package, snippet.library)]
    return None if None in found else dict(filter(None, found))


def record(snippets: Iterable[Snippet]) -> Recording:
    """Run snippets of one environment, which is installed, as examples of pages are run.

    Raises:
        PageError: a snippet failed or, though it should be refused, did not; the message has its
            code.
    """
    ordered = sorted(set(snippets), key=lambda snippet: snippet.code)
    versions = installed_versions(ordered[0])
    assert versions is not None
    with Launcher() as launcher, ThreadPoolExecutor(_AT_ONCE) as pool:
        found = list(pool.map(lambda snippet: _run(snippet.code, launcher), ordered))
    outputs, errors = {}, {}
    for snippet, (printed, raised) in zip(ordered, found, strict=True):
        if bool(raised) != snippet.refused:
            problem = f"failed: {raised}" if raised else "is refused no longer"
            raise PageError(f"docs: an example {problem}\n{snippet.code}")
        if raised:
            errors[snippet.code] = raised
        else:
            outputs[snippet.code] = printed
    return Recording(versions, outputs, errors)


def run_code(code: str, launcher: Launcher) -> Outputs:
    """Run one code in a child process of its own; its prints are its last lines.

    Raises:
        PageError: it failed.
    """
    outputs, raised = _run(code, launcher)
    if raised:
        raise PageError(f"docs: an example failed: {raised}\n{code}")
    return outputs


def _run(code: str, launcher: Launcher) -> tuple[Outputs, str]:
    """What each print printed, or the error that ended the code."""
    lines = tuple(code.split("\n"))
    first = next((i for i, line in enumerate(lines) if line.startswith("print(")), len(lines))
    sources = ["\n".join(lines[:first]), *lines[first:]]
    places = [1, *range(first + 1, len(lines) + 1)]
    steps = tuple(
        Step(index, place, source)
        for index, (place, source) in enumerate(zip(places, sources, strict=True))
    )
    done = run_job(Job(lines, steps, Backend.PYTHON), Limits(), launcher)
    found: list[tuple[str, ...]] = []
    for step in steps:
        outcome = done.outcomes.get(step.index)
        if outcome is None or outcome.failure or outcome.cut:
            failure = outcome.failure if outcome else None
            raised = f"{failure.name}: {failure.message.strip()}" if failure else done.ended
            return (), raised or "the output is too long"
        found.append(tuple(outcome.output.splitlines()))
    return tuple(found[1:]), ""


def write_recording(recording: Recording, path: Path) -> None:
    """Write a recording, one line of text per line of code and output."""
    examples = [
        {"code": code.split("\n"), "outputs": recording.outputs[code]}
        if code in recording.outputs
        else {"code": code.split("\n"), "error": recording.errors[code]}
        for code in sorted({*recording.outputs, *recording.errors})
    ]
    data = {"versions": recording.versions, "platform": "cpu", "examples": examples}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    _read.cache_clear()


@lru_cache
def _read(path: Path) -> Recording | None:
    if not path.exists():
        return None
    data = json.loads(path.read_text(encoding="utf-8"))
    outputs, errors = {}, {}
    for example in data["examples"]:
        code = "\n".join(example["code"])
        if "error" in example:
            errors[code] = example["error"]
        else:
            outputs[code] = tuple(map(tuple, example["outputs"]))
    return Recording(data["versions"], outputs, errors)
