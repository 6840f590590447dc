"""Conventions as values: a rule holds one value per axis and packs into one native word."""

from __future__ import annotations

import dataclasses
from functools import cached_property, lru_cache
from typing import ClassVar, Self, get_args, get_type_hints

from opsbridge.errors import ArgumentError

AxisValue = bool | int | float | str

_BITS_PER_AXIS = 4


@lru_cache
def axes_of(rule: type[Rule]) -> dict[str, tuple[AxisValue, ...]]:
    """Every axis of a rule class with its allowed values, in the order of the native word."""
    hints = get_type_hints(rule)
    return {field.name: get_args(hints[field.name]) for field in dataclasses.fields(rule)}


@dataclasses.dataclass(frozen=True)
class Rule:
    """Base of the rules: one field per axis, annotated with the `Literal` of its values."""

    operator: ClassVar[str]

    def __post_init__(self) -> None:
        for axis, allowed in axes_of(type(self)).items():
            value = getattr(self, axis)
            if value not in allowed:
                choices = ", ".join(map(str, allowed))
                raise ArgumentError(f"{self.operator}: {axis} is {value!r}; allowed: {choices}")

    @cached_property
    def word(self) -> int:
        """The rule as one integer: the place of each value, four bits an axis."""
        places = (
            allowed.index(getattr(self, axis)) for axis, allowed in axes_of(type(self)).items()
        )
        return sum(place << (_BITS_PER_AXIS * i) for i, place in enumerate(places))

    @classmethod
    def from_word(cls, word: int) -> Self:
        """The rule that packs into `word`."""
        mask = (1 << _BITS_PER_AXIS) - 1
        return cls(
            **{
                axis: allowed[(word >> (_BITS_PER_AXIS * i)) & mask]
                for i, (axis, allowed) in enumerate(axes_of(cls).items())
            }
        )
