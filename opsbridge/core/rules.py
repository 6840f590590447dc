"""Conventions as values: a rule holds one value per axis and packs into one native word."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Literal, Self, get_args, get_origin, get_type_hints

from opsbridge.errors import ArgumentError

AxisValue = bool | int | float | str

# 21 axes of up to 8 values are a word of 63 bits: never negative.
_BITS_PER_AXIS = 3


@dataclasses.dataclass(frozen=True)
class Rule:
    """Base of the rules: one field per axis, annotated with the `Literal` of its values.

    `axes` lists them with their allowed values, in the order of the native word. `word` is the rule
    as one integer, made once because graphs and native calls need it each time.
    """

    operator: ClassVar[str]
    axes: ClassVar[dict[str, tuple[AxisValue, ...]]]

    word: int = dataclasses.field(init=False, repr=False, compare=False)

    def __init_subclass__(cls) -> None:
        hints = get_type_hints(cls)
        cls.axes = {
            axis: get_args(hint) for axis, hint in hints.items() if get_origin(hint) is Literal
        }

    def __post_init__(self) -> None:
        for axis, allowed in self.axes.items():
            value = getattr(self, axis)
            if value not in allowed:
                choices = ", ".join(map(str, allowed))
                raise ArgumentError(f"{self.operator}: {axis} is {value!r}; allowed: {choices}")
        object.__setattr__(self, "word", self._packed())

    def _packed(self) -> int:
        """The place of each value, three bits an axis."""
        places = (allowed.index(getattr(self, axis)) for axis, allowed in self.axes.items())
        return sum(place << (_BITS_PER_AXIS * i) for i, place in enumerate(places))

    @classmethod
    def from_word(cls, word: int) -> Self:
        """The rule that packs into `word`."""
        mask = (1 << _BITS_PER_AXIS) - 1
        return cls(
            **{
                axis: allowed[(word >> (_BITS_PER_AXIS * i)) & mask]
                for i, (axis, allowed) in enumerate(cls.axes.items())
            }
        )
