"""Functions over nested tuples and by type: `MultitypeFuncGraph`, `HyperMap`, `Map`, `depend`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import torch

from opsbridge.errors import DtypeError
from opsbridge.mindspore.parameter import Parameter

__all__ = ["Depend", "HyperMap", "Map", "MultitypeFuncGraph", "depend", "partial"]

_NUMBERS: dict[type, tuple[str, ...]] = {
    bool: ("Bool", "Number"),
    int: ("Int64", "Int32", "Int", "Number"),
    float: ("Float64", "Float32", "Float", "Number"),
}


class MultitypeFuncGraph:
    """A function with one body for each combination of argument types.

    Args:
        name: for messages.
        read_value: ignored.

    Example:
        >>> add = MultitypeFuncGraph("add")
        >>> @add.register("Number", "Number")
        ... def add_numbers(x, y):
        ...     return x + y
        >>> add(1, 2)
        3
    """

    def __init__(self, name: str, read_value: bool = False) -> None:
        self.name = name
        self.entries: list[tuple[tuple[str, ...], Callable[..., Any]]] = []

    def register(self, *type_names: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Return a decorator that adds the body for these types ("Tensor", "Number", ...)."""
        names = tuple(each if isinstance(each, str) else each.__name__ for each in type_names)

        def add(function: Callable[..., Any]) -> Callable[..., Any]:
            self.entries.append((names, function))
            return function

        return add

    def __call__(self, *args: Any) -> Any:
        for names, function in self.entries:
            if len(names) == len(args) and all(map(_is_a, args, names)):
                return function(*args)
        types = ", ".join(type(each).__name__ for each in args)
        known = "; ".join(", ".join(names) for names, _ in self.entries)
        raise DtypeError(f"{self.name}: no body for ({types}); there are: {known}")


def _is_a(value: Any, name: str) -> bool:
    if isinstance(value, torch.Tensor):
        return name in ("Tensor", "RowTensor") or (name == "Ref" and isinstance(value, Parameter))
    if type(value) in _NUMBERS:
        return name in _NUMBERS[type(value)]
    kinds: dict[str, Any] = {"Tuple": tuple, "List": list, "String": str, "None": type(None)}
    if name in kinds:
        return isinstance(value, kinds[name])
    return name in ("Function", "Func") and callable(value)


class Map:
    """Apply a function to the elements of tuples or lists, side by side.

    Args:
        ops: the function; None if it is the first argument of the call.
        reverse: start with the last elements.
    """

    def __init__(self, ops: Callable[..., Any] | None = None, reverse: bool = False) -> None:
        self.ops, self.reverse = ops, reverse

    def __call__(self, *args: Any) -> Any:
        function, *sequences = args if self.ops is None else (self.ops, *args)
        rows = list(zip(*sequences, strict=True))
        if self.reverse:
            return tuple(self._apply(function, row) for row in reversed(rows))[::-1]
        return tuple(self._apply(function, row) for row in rows)

    def _apply(self, function: Callable[..., Any], row: tuple[Any, ...]) -> Any:
        return function(*row)


class HyperMap(Map):
    """As Map, down through nested tuples and lists."""

    def _apply(self, function: Callable[..., Any], row: tuple[Any, ...]) -> Any:
        if all(isinstance(each, tuple | list) for each in row):
            return HyperMap(function, self.reverse)(*row)
        return function(*row)


def depend(value: Any, expr: Any) -> Any:
    """Return `value`; `expr` has been computed by then."""
    return value


class Depend:
    """As depend, in the two-call form."""

    def __call__(self, value: Any, expr: Any) -> Any:
        return value


def partial(func: Callable[..., Any], *args: Any) -> Callable[..., Any]:
    """Return `func` with its first arguments filled in."""
    return functools.partial(func, *args)
