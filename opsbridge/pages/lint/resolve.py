"""Asks the installed frameworks which API names exist, in a child process that imports them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass

from opsbridge.tables.load import all_api_names

FRAMEWORKS = ("torch", "torchvision", "torchaudio", "torchtext", "mindspore")
_SECONDS = 300.0


@dataclass(frozen=True)
class Answer:
    """Whether a name exists (None: not known here), where it was looked for, what is like it."""

    exists: bool | None
    installed: str = ""
    close: tuple[str, ...] = ()


def resolve_names(names: Iterable[str]) -> dict[str, Answer]:
    """Return what is known of some API names; of frameworks that are not installed nothing is.

    Names with a mapping table exist. Importing a framework takes seconds and gigabytes, so it is
    done once for all names, in a child.
    """
    known = set(all_api_names())
    wanted = sorted(set(names))
    answers = {name: Answer(True) for name in wanted if name in known}
    asked = [name for name in wanted if name not in known]
    if asked:
        for name, (exists, installed, close) in _ask(asked).items():
            answers[name] = Answer(exists, installed, tuple(close))
    return answers


def _ask(names: list[str]) -> dict[str, tuple[bool | None, str, list[str]]]:
    with tempfile.TemporaryDirectory(prefix="opsbridge-", ignore_cleanup_errors=True) as folder:
        try:
            done = subprocess.run(
                [sys.executable, "-P", "-B", "-m", "opsbridge.pages.lint.resolve_child"],
                input=json.dumps(names).encode(),
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=folder,
                env={**os.environ, "GLOG_v": "4"},
                timeout=_SECONDS,
                check=True,
            )
            answer: dict[str, tuple[bool | None, str, list[str]]] = json.loads(done.stdout)
        except (subprocess.SubprocessError, ValueError):
            return {}
    return answer
