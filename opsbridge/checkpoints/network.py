"""What a network expects of a checkpoint, as a child process that builds it tells."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from opsbridge.checkpoints.rules import name_rules
from opsbridge.errors import ArgumentError

SECONDS = 600


@dataclasses.dataclass(frozen=True)
class Expected:
    """An entry of a network's state_dict, and what MindSpore's file calls it ('': nothing)."""

    key: str
    shape: tuple[int, ...]
    saved_as: str
    saved_shape: tuple[int, ...]
    tied_to: str


def expected_of(spec: str) -> list[Expected]:
    """The entries of the network that a factory (`path.py:callable`) returns.

    The user's code runs in a process of its own. Names in MindSpore's file are those of the Cell's
    parameters, or follow from the types of PyTorch's layers. Raises ArgumentError where the
    network cannot be built, with the error and the line of the user's code that led to it.
    """
    child = subprocess.run(
        [sys.executable, "-m", "opsbridge.checkpoints.inspect_child", spec],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if child.returncode:
        last = child.stderr.strip().splitlines()[-1:] or ["it ended without a word"]
        raise ArgumentError(f"{spec}: the network cannot be built: {last[0]}")
    return [expected_entry(entry) for entry in json.loads(child.stdout.splitlines()[-1])]


def expected_entry(entry: Mapping[str, Any]) -> Expected:
    """What an entry of `inspect_child.entries` is called in MindSpore's file."""
    key, saved_as, tied_to = entry["key"], entry["saved_as"], entry["tied_to"]
    shape = tuple(entry["shape"])
    if saved_as:
        return Expected(key, shape, saved_as, shape, tied_to)
    path, _, name = key.rpartition(".")
    owner = name_rules().owner(entry["types"])
    if name in owner.only_torch:
        return Expected(key, shape, "", shape, tied_to)
    saved = f"{path}." * bool(path) + owner.mindspore_name(name)
    return Expected(key, shape, saved, owner.mindspore_shape(name, shape), tied_to)
