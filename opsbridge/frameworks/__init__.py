"""Which framework a tensor belongs to, found without importing any framework."""

from __future__ import annotations

import importlib
from functools import cache
from typing import Any

from opsbridge.core.tensors import TensorLayer

_LAYERS = ("numpy", "torch", "mindspore")


@cache
def _layer_of_type(kind: type) -> TensorLayer | None:
    for base in kind.__mro__:
        name = base.__module__.partition(".")[0]
        if name in _LAYERS:
            layer: TensorLayer = importlib.import_module(f"opsbridge.frameworks.{name}").LAYER
            return layer if layer.is_tensor(kind) else None
    return None


def layer_of(value: Any) -> TensorLayer | None:
    """The layer of the framework that `value` is a tensor of, or None if it is no tensor."""
    return _layer_of_type(type(value))
