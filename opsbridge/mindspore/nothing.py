"""What code of graph mode makes and drops: MindSpore 1.x left out what no result needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from opsbridge.errors import ArgumentError
from opsbridge.mindspore.results import kind_of_results

_ASK_FOR_VALUES = ("asnumpy", "item", "numpy", "tolist")


class Nothing:
    """The join of no tensors: operators and methods hand it on, what needs its values fails."""

    @classmethod
    def __torch_function__(
        cls, function: Any, types: Any, args: Sequence[Any] = (), kwargs: Any = None
    ) -> Nothing:
        return cls()

    def __getattr__(self, name: str) -> Callable[..., Nothing]:
        if name.startswith("__"):
            raise AttributeError(name)
        if name in _ASK_FOR_VALUES or not callable(getattr(kind_of_results(), name, None)):
            _refuse(self)
        return self._handed_on

    def _handed_on(self, *args: Any, **kwargs: Any) -> Nothing:
        return self


def _refuse(self: Nothing, *args: Any) -> Any:
    raise ArgumentError("Concat: tensors is empty; their join has no dtype, shape or values")


def _hand_on(self: Nothing, *args: Any) -> Nothing:
    return self


for _name in ("bool", "int", "float", "index", "len", "iter", "array", "repr", "contains"):
    setattr(Nothing, f"__{_name}__", _refuse)
for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "and", "or", "xor"):
    setattr(Nothing, f"__{_name}__", _hand_on)
    setattr(Nothing, f"__r{_name}__", _hand_on)
for _name in ("neg", "abs", "invert", "getitem", "lt", "le", "gt", "ge", "eq", "ne"):
    setattr(Nothing, f"__{_name}__", _hand_on)
