"""The competitors: one module a package, imported when a case first asks for it.

A module has `ADAPTERS`, from an operator's name, preceded by the peer's variant if it has several
("rtree nms"), to what runs it, and may have `set_threads`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from types import ModuleType
from typing import Any

from benchmarks.inputs import Array, Inputs

Options = Mapping[str, Any]
Call = Callable[[], Any]

DISTRIBUTIONS = {
    "torch": "torch",
    "opsbridge": "opsbridge",
    "torchvision": "torchvision",
    "mindspore": "mindspore",
    "powerboxes": "powerboxes",
    "lsnms": "lsnms",
    "onnxruntime": "onnxruntime",
    "paddle": "paddlepaddle",
    "opencv": "opencv-python-headless",
    "ensemble_boxes": "ensemble-boxes",
    "mmcv": "mmcv",
}


@dataclass(frozen=True)
class Adapter:
    """How a peer runs an operator.

    `prepare` converts the inputs, which is not timed, and returns the call, which is; `read` turns
    what the call returned into named arrays that mean the same for every peer.
    """

    prepare: Callable[[Inputs, Options], Call]
    read: Callable[[Any, Inputs], dict[str, Array]]
    own_threads: bool = False
    """It works on threads of its own: only wall-clock time says anything."""


class PeerMissing(Exception):
    """The peer cannot run here; the message says why."""


def module_of(peer: str) -> ModuleType:
    """The module of a peer such as `powerboxes rtree`."""
    name = peer.partition(" ")[0]
    try:
        return importlib.import_module(f"benchmarks.peers.{name}")
    except ImportError as error:
        raise PeerMissing(f"not installed: {error}") from error


def adapter_of(peer: str, operator: str, threads: int) -> Adapter:
    """What runs an operator for a peer, set to a number of threads."""
    module = module_of(peer)
    variant = peer.partition(" ")[2]
    if hasattr(module, "set_threads"):
        module.set_threads(threads)
    try:
        return module.ADAPTERS[f"{variant} {operator}".strip()]
    except KeyError:
        raise PeerMissing(f"{peer} has no {operator} here") from None


def load_all(peers: Iterable[str]) -> None:
    """Import what is installed, MindSpore first: Paddle's libraries hide symbols that it needs.

    It counts as a peer where its tensors are used, too.
    """
    named = {word for peer in peers for word in peer.split()} & DISTRIBUTIONS.keys()
    for name in sorted(named, key=lambda name: name != "mindspore"):
        with suppress(PeerMissing):
            module_of(name)


def version_of(name: str) -> str | None:
    """The installed version of a peer's distribution."""
    try:
        return version(DISTRIBUTIONS[name])
    except PackageNotFoundError:
        return None
