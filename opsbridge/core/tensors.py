"""What a core operator needs of a framework's tensors; `opsbridge.frameworks` implements it."""

from __future__ import annotations

from typing import Any, Protocol

Tensor = Any
# A number whose Python type matters: an int keeps integer tensors integers, a float does not.
Number = int | float


class TensorLayer(Protocol):
    """The tensors of one framework: properties, allocation, and the way to native code."""

    def shape(self, tensor: Tensor) -> tuple[int, ...]:
        """The sizes of a tensor."""

    def dtype(self, tensor: Tensor) -> str:
        """The element type by NumPy's name: `float32`, `int64`, `bool` ..."""

    def device(self, tensor: Tensor) -> str:
        """Where the data is: `cpu`, `cuda:0` ..."""

    def item(self, tensor: Tensor, *index: int) -> float:
        """One element as a Python number, for messages."""

    def native(self, tensor: Tensor) -> Any:
        """The tensor as an argument of a native function; shares its memory."""

    def empty(self, shape: tuple[int, ...], dtype: str, like: Tensor) -> Any:
        """A destination on the device of `like` that native code can write to."""

    def cast(self, tensor: Tensor, dtype: str) -> Tensor:
        """The same numbers in another element type."""

    def finish(self, destination: Any, length: int | None = None) -> Tensor:
        """A filled destination as the user's tensor, cut to `length` rows."""

    def threads(self) -> int:
        """How many threads the framework lets one operator use."""
