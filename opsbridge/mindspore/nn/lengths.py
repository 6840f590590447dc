"""Arguments that are one number for all axes or one for each."""

from __future__ import annotations

from typing import Any

from opsbridge.errors import ArgumentError, DtypeError


def for_each_axis(owner: str, name: str, value: Any, axes: int, least: int = 1) -> tuple[int, ...]:
    """Return a number or tuple of numbers as one number for each axis.

    Raises:
        DtypeError: an element is no int.
        ArgumentError: there are neither 1 nor `axes` of them, or one is below `least`.
    """
    numbers = tuple(value) if isinstance(value, tuple | list) else (value,)
    if any(isinstance(each, bool) or not isinstance(each, int) for each in numbers):
        raise DtypeError(f"{owner}: {name} is {value!r}; it must be an int or a tuple of them")
    if len(numbers) == 1:
        numbers *= axes
    if len(numbers) != axes:
        raise ArgumentError(f"{owner}: {name} has {len(numbers)} numbers; it must have 1 or {axes}")
    if min(numbers) < least:
        raise ArgumentError(f"{owner}: {name} is {value!r}; it must be at least {least}")
    return numbers


def check_one_of(owner: str, name: str, value: Any, allowed: tuple[Any, ...]) -> Any:
    """Return `value` if it is one of the allowed ones, else raise an ArgumentError."""
    if value not in allowed:
        raise ArgumentError(f"{owner}: {name} is {value!r}; it must be one of {list(allowed)}")
    return value


def same_padding(
    lengths: tuple[int, ...],
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
) -> list[tuple[int, int]]:
    """Return (before, after) of each axis for outputs of ceil(length / stride); more goes after."""
    pairs = []
    for length, size, step, gap in zip(lengths, kernel, stride, dilation, strict=True):
        count = -(-length // step)
        total = max((count - 1) * step + (size - 1) * gap + 1 - length, 0)
        pairs.append((total // 2, total - total // 2))
    return pairs


def pad_list(pairs: list[tuple[int, int]]) -> list[int]:
    """Return (before, after) pairs in the order of torch's pad: from the last axis."""
    return [number for pair in reversed(pairs) for number in pair]
