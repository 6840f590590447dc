"""Which framework a tensor belongs to, found without importing any framework."""

from __future__ import annotations

import importlib
import sys
from typing import Any, Protocol

from opsbridge.core.tensors import TensorLayer

_LAYERS = ("numpy", "torch", "mindspore")


class FrameworkLayer(TensorLayer, Protocol):
    """A framework's tensors for front-ends: recognised, combined, and handed to operators."""

    def is_tensor(self, kind: type) -> bool:
        """Whether values of this class are tensors of the framework."""

    def concatenate_regions(self, boxes: list[Any]) -> Any:
        """One (L, 4) tensor per image as (K, 5) regions with a batch column."""

    def run(self, operator: str, **arguments: Any) -> tuple[Any, ...]:
        """Call a core operator, through the framework's own dispatch where that is needed."""


_LAYER_OF_TYPE: dict[type, FrameworkLayer | None] = {}


def layer_of(value: Any) -> FrameworkLayer | None:
    """The layer of the framework that `value` is a tensor of, or None if it is no tensor."""
    kind = type(value)
    if kind not in _LAYER_OF_TYPE:
        _LAYER_OF_TYPE[kind] = _find_layer(kind)
    return _LAYER_OF_TYPE[kind]


def _find_layer(kind: type) -> FrameworkLayer | None:
    for base in kind.__mro__:
        name = base.__module__.partition(".")[0]
        if name in _LAYERS:
            layer: FrameworkLayer = importlib.import_module(f"opsbridge.frameworks.{name}").LAYER
            return layer if layer.is_tensor(kind) else None
    return None


def _know_torch() -> None:
    """Find the layer of a PyTorch that is loaded already: its compiler cannot trace an import."""
    torch = sys.modules.get("torch")
    if torch is not None:
        for kind in (torch.Tensor, torch.nn.Parameter):
            _LAYER_OF_TYPE[kind] = _find_layer(kind)


_know_torch()
