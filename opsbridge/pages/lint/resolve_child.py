"""Says which API names exist; started as a child process, for it imports whole frameworks.

A list of names comes on standard input as JSON; on standard output goes, by name, whether it exists
(null: its framework is not installed), the version asked, and names that are like it.
"""

from __future__ import annotations

import difflib
import importlib
import json
import os
import sys
from importlib import metadata, util
from typing import Any


def main() -> None:
    """Answer for the names on standard input."""
    names: list[str] = json.load(sys.stdin)
    results = os.dup(1)
    os.dup2(2, 1)  # a framework may print while it is imported
    answers = {name: answer(name) for name in names}
    with os.fdopen(results, "w") as stream:
        json.dump(answers, stream)
    # Threads and exit handlers of the frameworks have nothing to add.
    os._exit(0)


def answer(name: str) -> tuple[bool | None, str, list[str]]:
    """Return whether a name exists, in what, and names like it."""
    root, *parts = name.split(".")
    if util.find_spec(root) is None:
        return None, "", []
    try:
        target: Any = importlib.import_module(root)
    except Exception:
        return None, "", []
    installed = f"{root} {metadata.version(root)}"
    path = root
    for part in parts:
        following = _member(target, path, part)
        if following is None:
            close = _close(target, path, part, name)
            return False, installed, close or _elsewhere(root, parts[-1])
        target, path = following[0], f"{path}.{part}"
    return True, installed, []


def _member(target: Any, path: str, part: str) -> tuple[Any] | None:
    if part.startswith("_"):
        return None
    if hasattr(target, part):
        return (getattr(target, part),)
    try:
        return (importlib.import_module(f"{path}.{part}"),)
    except Exception:
        return None


def _close(target: Any, path: str, part: str, name: str) -> list[str]:
    rest = name[len(path) + len(part) + 1 :]
    known = [other for other in dir(target) if not other.startswith("_")]
    lowered = {other.lower(): other for other in known}
    found = [lowered[part.lower()]] if part.lower() in lowered else []
    found += difflib.get_close_matches(part, known, n=2, cutoff=0.75)
    return [f"{path}.{other}{rest}" for other in dict.fromkeys(found)]


def _elsewhere(root: str, last: str) -> list[str]:
    """Return where else the framework has a public name, the shortest two."""
    if last.startswith("_"):
        return []
    modules = [
        name
        for name, module in list(sys.modules.items())
        if name.partition(".")[0] == root and "._" not in name and last in vars(module)
    ]
    return [f"{name}.{last}" for name in sorted(modules, key=lambda name: (len(name), name))[:2]]


if __name__ == "__main__":
    main()
