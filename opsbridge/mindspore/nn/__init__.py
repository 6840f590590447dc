"""`mindspore.nn` on PyTorch: every layer is a torch.nn.Module.

The names, their arguments and defaults are those of the table `mappings/mindspore/nn.toml`.
"""

from __future__ import annotations

import importlib
from typing import Any

from opsbridge.mindspore.names import look_up
from opsbridge.tables.port_load import find_port_entry, port_entries

MODULE = "mindspore.nn"
_PREFIX = f"{MODULE}."


def __getattr__(name: str) -> Any:
    if name == "__all__":
        return __dir__()
    entry = None if name.startswith("__") else find_port_entry(_PREFIX + name)
    if entry is None:
        return look_up(_PREFIX + name)
    if entry.ours:
        path, _, last = entry.ours.rpartition(".")
        value = getattr(importlib.import_module(f"opsbridge.mindspore.{path}"), last)
    else:
        value = importlib.import_module("opsbridge.mindspore.nn.layers").layer_class(entry)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(
        name.removeprefix(_PREFIX)
        for name in port_entries()
        if name.startswith(_PREFIX) and "." not in name.removeprefix(_PREFIX)
    )
