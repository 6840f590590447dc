"""Results written into tensors of the caller's: `out=`, the same for every operator."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from opsbridge.core.checks import Caller
from opsbridge.errors import ArgumentError, DeviceError, DtypeError
from opsbridge.frameworks import FrameworkLayer


class Destinations:
    """A layer that hands out the caller's tensors where an operator asks for memory.

    Operators ask for their outputs in order, after all other checks and before any kernel runs;
    that is where a tensor that does not fit is refused. What they ask for beyond the outputs, and
    everything else, is the framework's own layer.
    """

    def __init__(
        self,
        layer: FrameworkLayer,
        caller: Caller,
        given: Mapping[str, Any],
        inputs: Mapping[str, Any],
    ) -> None:
        """`given` holds the caller's tensors by the names of the outputs, in their order."""
        self._layer = layer
        self._caller = caller
        self._given = dict(given)
        self._names = {
            name: f"out[{place}]" if len(given) > 1 else "out" for place, name in enumerate(given)
        }
        self._taken = dict(inputs)
        self._handed: list[tuple[Any, Any]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._layer, name)

    def empty(self, shape: tuple[int, ...], dtype: str, like: Any) -> Any:
        """The caller's tensor for the next output, once it fits."""
        if not self._given:
            return self._layer.empty(shape, dtype, like)
        output = next(iter(self._given))
        tensor, name = self._given.pop(output), self._names[output]
        self._check(tensor, name, shape, dtype, self._layer.device(like))
        self._check_alone(tensor, name)
        self._taken[name] = tensor
        destination = self._layer.destination(tensor)
        self._handed.append((destination, tensor))
        return destination

    def finish(self, destination: Any, length: int | None = None) -> Any:
        """The caller's tensor, or its first rows where the length depends on data."""
        for handed, tensor in self._handed:
            if handed is destination:
                self._layer.written(tensor)
                return tensor if length is None else tensor[:length]
        return self._layer.finish(destination, length)

    def _check(
        self, tensor: Any, name: str, shape: tuple[int, ...], dtype: str, device: str
    ) -> None:
        operator, layer = self._caller.operator, self._layer
        if layer.dtype(tensor) != dtype:
            raise DtypeError(f"{operator}: {name} is {layer.dtype(tensor)}; expected {dtype}")
        if tuple(layer.shape(tensor)) != tuple(shape):
            raise ArgumentError(
                f"{operator}: {name} has shape {tuple(layer.shape(tensor))}; "
                f"expected {tuple(shape)}"
            )
        if layer.device(tensor) != device:
            raise DeviceError(f"{operator}: {name} is on {layer.device(tensor)}; expected {device}")
        obstacle = layer.obstacle(tensor)
        if obstacle:
            raise ArgumentError(f"{operator}: {name} {obstacle}; results cannot be written into it")
        start, end = layer.extent(tensor)
        bytes_each = (end - start) // max(math.prod(shape), 1)
        if bytes_each and start % bytes_each:
            raise ArgumentError(
                f"{operator}: {name} begins at an address that is no multiple of its elements' "
                f"{bytes_each} bytes; results cannot be written into it"
            )

    def _check_alone(self, tensor: Any, name: str) -> None:
        """No input, and no other result, lies in the memory that is to be written."""
        start, end = self._layer.extent(tensor)
        for other, taken in self._taken.items():
            first, last = self._layer.extent(taken)
            if max(start, first) < min(end, last):
                raise ArgumentError(
                    f"{self._caller.operator}: {name} shares memory with {other}; "
                    "results need memory of their own"
                )


def refuse_recording(caller: Caller, layer: FrameworkLayer, tensors: list[Any]) -> None:
    """A graph, or a gradient, cannot follow what is written into a tensor from outside."""
    if layer.is_recorded(tensors):
        raise ArgumentError(
            f"{caller.operator}: out is given while the call is recorded (for a gradient or a "
            "graph); use out with inputs that need no gradient, in eager mode"
        )
