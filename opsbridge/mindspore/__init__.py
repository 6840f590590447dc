"""The MindSpore-shaped surface of opsbridge: what MindSpore has, computed with PyTorch.

The tables in `mappings/mindspore` say which names there are and what each is. Importing this module
imports no framework; PyTorch comes with the first use of a name that needs it. `as_mindspore()`
lets code that says `import mindspore` run on it unchanged, `python -m opsbridge.mindspore run
script.py` runs a whole program so.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from opsbridge.mindspore.alias import as_mindspore

if TYPE_CHECKING:
    from opsbridge.mindspore import ops
    from opsbridge.mindspore.strictness import strict
    from opsbridge.mindspore.tensors import Tensor

# Real modules of this package; all other names come from the tables.
_MODULES = ("initializer", "nn", "ops")

__all__ = ["Tensor", "as_mindspore", "dtype", "ops", "strict"]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"opsbridge.mindspore.{name}")
    if name == "strict":
        return importlib.import_module("opsbridge.mindspore.strictness").strict
    if name.startswith("__"):
        raise AttributeError(name)
    return importlib.import_module("opsbridge.mindspore.names").look_up(f"mindspore.{name}")


def __dir__() -> list[str]:
    names = importlib.import_module("opsbridge.mindspore.names")
    return sorted({*__all__, *_MODULES, *dir(names.module_of("mindspore"))})
