"""The MindSpore-shaped surface of opsbridge: operators, Tensor and dtypes on PyTorch tensors.

Importing this module imports no framework; PyTorch comes with the first use of a name that needs
it. `as_mindspore()` lets code that says `import mindspore` run on it unchanged.
"""

from __future__ import annotations

import importlib
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from opsbridge.mindspore.alias import as_mindspore
from opsbridge.tables.port_load import find_port_entry

if TYPE_CHECKING:
    from opsbridge.mindspore import ops
    from opsbridge.mindspore.tensor import Tensor

_DTYPES = (
    "float16", "bfloat16", "float32", "float64",
    "int8", "int16", "int32", "int64", "uint8", "bool_",
)  # fmt: skip

__all__ = ["Tensor", "as_mindspore", "dtype", "ops", *_DTYPES]


def __getattr__(name: str) -> Any:
    if name == "ops":
        return importlib.import_module("opsbridge.mindspore.ops")
    if name == "Tensor":
        return importlib.import_module("opsbridge.mindspore.tensor").Tensor
    if name == "dtype":
        return SimpleNamespace(__all__=_DTYPES, **{each: _dtype(each) for each in _DTYPES})
    if name in _DTYPES:
        return _dtype(name)
    if name in ("nn", "initializer"):
        return importlib.import_module(f"opsbridge.mindspore.{name}")
    entry = None if name.startswith("__") else find_port_entry(f"mindspore.{name}")
    if entry is not None:
        path, _, last = entry.ours.rpartition(".")
        return getattr(importlib.import_module(f"opsbridge.mindspore.{path}"), last)
    raise AttributeError(f"mindspore.{name} is not covered by opsbridge")


def __dir__() -> list[str]:
    return sorted(__all__)


def _dtype(name: str) -> Any:
    return getattr(importlib.import_module("torch"), name.rstrip("_"))
