"""Which framework a tensor belongs to, found without importing any framework."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from opsbridge.core.direct import Direct
from opsbridge.core.tensors import TensorLayer

# Takes the values of a direct call; gives what the API returns, or None where it declines.
Road = Callable[[tuple[Any, ...]], Any]


class FrameworkLayer(TensorLayer, Protocol):
    """A framework's tensors for front-ends: recognised, combined, and handed to operators."""

    def is_tensor(self, kind: type) -> bool:
        """Whether values of this class are tensors of the framework."""

    def concatenate_regions(self, boxes: list[Any]) -> Any:
        """One (L, 4) tensor per image as (K, 5) regions with a batch column."""

    def joined(self, parts: list[Any]) -> Any:
        """Tensors side by side along their last axis."""

    def is_recording(self) -> bool:
        """Whether calls end up in a graph, where sizes may be symbols."""

    def is_recorded(self, tensors: list[Any]) -> bool:
        """Whether a call on these tensors ends up in a graph, or in the record of a gradient."""

    def obstacle(self, tensor: Any) -> str:
        """Why native code cannot write this tensor of the caller's: "is read-only"; or ""."""

    def extent(self, tensor: Any) -> tuple[int, int]:
        """The addresses of a tensor's first byte and behind its last one; equal if it is empty."""

    def destination(self, tensor: Any) -> Any:
        """A tensor without an obstacle as a destination that native code can write to."""

    def written(self, tensor: Any) -> None:
        """Tell the framework that native code has changed a tensor."""

    def widened(self, values: tuple[Any, ...], devices: tuple[str, ...]) -> tuple[Any, ...] | None:
        """The arguments of a call as automatic mixed precision changes them, if it is in use on
        one of the devices.
        """

    def promoted(self, values: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """The arguments with floating-point tensors in their common dtype, if they have several."""

    def narrowed(self, result: Any, like: Any) -> Any:
        """A result of widened arguments in the dtype of `like`."""

    def run(self, operator: str, **arguments: Any) -> tuple[Any, ...]:
        """Call a core operator, through the framework's own dispatch where that is needed."""

    @property
    def widens_halves(self) -> bool:
        """Whether `widened` may change 16-bit tensors."""

    @property
    def plain_types(self) -> tuple[type, ...]:
        """The classes whose tensors may take direct calls."""

    def road(self, direct: Direct) -> Road:
        """The direct calls of an API, for tensors of the plain types that nothing records."""


_LAYER_OF_TYPE: dict[type, FrameworkLayer | None] = {}


def layer_of(value: Any) -> FrameworkLayer | None:
    """The layer of the framework that `value` is a tensor of, or None if it is no tensor."""
    kind = type(value)
    try:
        return _LAYER_OF_TYPE[kind]
    except KeyError:
        layer = _LAYER_OF_TYPE[kind] = _find_layer(kind)
        return layer


def register_layer(kind: type, layer: Any) -> None:
    """Tell the layer of values that stand for a framework's tensors; no other needs all of one."""
    _LAYER_OF_TYPE[kind] = layer


def _find_layer(kind: type) -> FrameworkLayer | None:
    for base in kind.__mro__:
        load = _LAYERS.get(base.__module__.partition(".")[0])
        if load is not None:
            layer = load()
            return layer if layer.is_tensor(kind) else None
    return None


# Statements, not importlib: PyTorch's compiler follows them when it meets the first call.
def _numpy_layer() -> FrameworkLayer:
    from opsbridge.frameworks import numpy

    return numpy.LAYER


def _torch_layer() -> FrameworkLayer:
    from opsbridge.frameworks import torch

    return torch.LAYER


def _mindspore_layer() -> FrameworkLayer:
    from opsbridge.frameworks import mindspore

    return mindspore.LAYER


_LAYERS: dict[str, Callable[[], FrameworkLayer]] = {
    "numpy": _numpy_layer,
    "torch": _torch_layer,
    "mindspore": _mindspore_layer,
}


def from_rows(rows: Any, dtype: str) -> Any:
    """Nested lists of numbers as an array."""
    from opsbridge.frameworks import numpy

    return numpy.from_rows(rows, dtype)
