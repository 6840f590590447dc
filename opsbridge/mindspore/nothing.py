"""What code of graph mode makes and drops: MindSpore 1.x left out what no result needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from opsbridge.errors import OpsbridgeError
from opsbridge.mindspore.results import kind_of_results

_ASK_FOR_VALUES = ("asnumpy", "item", "numpy", "tolist")


class Nothing:
    """A result without values: operators and methods hand it on, what needs its values fails.

    `error` is raised then, with the text `why`.
    """

    def __init__(self, error: type[OpsbridgeError], why: str) -> None:
        self._error = error
        self._why = why

    @classmethod
    def __torch_function__(
        cls, function: Any, types: Any, args: Sequence[Any] = (), kwargs: Any = None
    ) -> Nothing:
        return next(_among((*args, *(kwargs or {}).values())))

    def __getattr__(self, name: str) -> Callable[..., Nothing]:
        if name.startswith("__"):
            raise AttributeError(name)
        if name in _ASK_FOR_VALUES or not callable(getattr(kind_of_results(), name, None)):
            _refuse(self)
        return self._handed_on

    def _handed_on(self, *args: Any, **kwargs: Any) -> Nothing:
        return self


def _among(values: Sequence[Any]) -> Iterator[Nothing]:
    """Those of some arguments, and of lists and tuples among them."""
    for value in values:
        if isinstance(value, Nothing):
            yield value
        elif isinstance(value, tuple | list):
            yield from _among(value)


def _refuse(self: Nothing, *args: Any) -> Any:
    raise self._error(self._why)


def _hand_on(self: Nothing, *args: Any) -> Nothing:
    return self


for _name in ("bool", "int", "float", "index", "len", "iter", "array", "repr", "contains"):
    setattr(Nothing, f"__{_name}__", _refuse)
for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "and", "or", "xor"):
    setattr(Nothing, f"__{_name}__", _hand_on)
    setattr(Nothing, f"__r{_name}__", _hand_on)
for _name in ("neg", "abs", "invert", "getitem", "lt", "le", "gt", "ge", "eq", "ne"):
    setattr(Nothing, f"__{_name}__", _hand_on)
