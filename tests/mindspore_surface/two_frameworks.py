"""Unmodified MindSpore code run twice in one process: on real MindSpore and on the surface."""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from opsbridge.mindspore import as_mindspore

EXAMPLES = Path(__file__).parents[2] / "examples"


@contextlib.contextmanager
def on(framework: str) -> Iterator[ModuleType]:
    """Let `import mindspore` mean the real one or ("surface") ours within the block."""
    if framework == "surface":
        with as_mindspore() as module:
            yield module
    else:
        yield importlib.import_module("mindspore")


@contextlib.contextmanager
def fresh(folder: Path, *packages: str) -> Iterator[list[ModuleType]]:
    """Import packages from a folder anew, and forget them after the block."""
    sys.path.insert(0, str(folder))
    try:
        yield [importlib.import_module(name) for name in packages]
    finally:
        sys.path.remove(str(folder))
        roots = {name.partition(".")[0] for name in packages}
        for name in [name for name in sys.modules if name.partition(".")[0] in roots]:
            del sys.modules[name]


def fill(net: Any, tensor: Any) -> None:
    """Give parameters values by their names only, such that activations and scores spread.

    Layers named `reg` move boxes a little, as far moves end in boxes without an area; those named
    `cls` are not sure: saturated scores are ties, which the frameworks order differently.
    """
    for parameter in net.get_parameters():
        rng = np.random.default_rng(list(parameter.name.encode()))
        shape, last = tuple(parameter.shape), parameter.name.rpartition(".")[2]
        values = rng.normal(size=shape)
        if len(shape) > 1:
            values *= np.sqrt(2 / np.prod(shape[1:]))
        elif last in ("gamma", "moving_variance"):
            values = rng.uniform(0.5, 1.5, shape)
        else:
            values *= 0.1
        if ".reg." in parameter.name or ".cls." in parameter.name:
            values *= 0.03
        parameter.set_data(tensor(values.astype(np.float32)))
