"""Sizes that stand for numbers: what an operator computes shapes with before any tensor came."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Size:
    """A size of the tensor in a slot, or (without an axis) the number in it, perhaps divided."""

    slot: str
    axis: int = -1
    divisors: tuple[Size | int, ...] = ()

    def __mul__(self, other: Size | int) -> _Product:
        return _Product((self, other))

    def __floordiv__(self, other: _Product | Size | int) -> Size:
        factors = other.factors if isinstance(other, _Product) else (other,)
        return replace(self, divisors=(*self.divisors, *factors))


@dataclass(frozen=True)
class _Product:
    factors: tuple[Size | int, ...]


Shape = tuple[Size | int, ...]
Values = tuple[Any, ...]


def fixed_shape(shape: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """A shape with leading axes as the one that plain calls have: a matrix."""
    if not shape or shape[0] != "...":
        return shape
    return ("...", *shape[1:]) if len(shape) == 2 else shape[1:]


def shape_getter(shape: Shape, places: Mapping[str, int]) -> Callable[[Values], Any]:
    """What computes a shape from the values at the places of slots."""
    getters = [_getter(size, places) for size in shape]
    if len(getters) == 1:  # a number is a shape, too
        return getters[0]
    return lambda values: [get(values) for get in getters]


def _plain_integer(value: Any) -> int:
    if type(value) is not int:
        raise TypeError(f"{value!r} is no size")
    return value


def _getter(size: Size | int, places: Mapping[str, int]) -> Callable[[Values], int]:
    if isinstance(size, int):
        return lambda values: size
    place, axis = places[size.slot], size.axis
    if axis < 0:
        return lambda values: _plain_integer(values[place])
    if not size.divisors:
        return lambda values: values[place].shape[axis]
    divisors = [_getter(each, places) for each in size.divisors]

    def divided(values: Values) -> int:
        result = values[place].shape[axis]
        for get in divisors:
            result //= get(values)
        return int(result)

    return divided
