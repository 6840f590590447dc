"""The table of names in checkpoints (`mappings/checkpoints.toml`)."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable
from functools import cache

from opsbridge.tables.decode import decode
from opsbridge.tables.load import display, read_toml, table_root


@dataclasses.dataclass(frozen=True)
class Owner:
    """How the parameters of a type of layer are called and shaped; see the table's head."""

    types: tuple[str, ...]
    names: dict[str, str] = dataclasses.field(default_factory=dict)
    child: str = ""
    dropped_axis: dict[str, int] = dataclasses.field(default_factory=dict)
    only_torch: tuple[str, ...] = ()

    def mindspore_name(self, name: str) -> str:
        """The name within MindSpore's layer of a parameter of PyTorch's."""
        back = {theirs: ours for ours, theirs in self.names.items()}
        return (f"{self.child}." if self.child else "") + back.get(name, name)

    def mindspore_shape(self, name: str, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape in MindSpore's file of a parameter of PyTorch's layer."""
        axis = self.dropped_axis.get(name)
        return shape if axis is None else (*shape[:axis], 1, *shape[axis:])


@dataclasses.dataclass(frozen=True)
class Guess:
    """New names for a group of entries of which all `present` are there."""

    present: tuple[str, ...]
    names: dict[str, str]


@dataclasses.dataclass(frozen=True)
class Slots:
    """Names of entries that belong to the optimizer or to the training loop."""

    prefixes: tuple[str, ...]
    names: tuple[str, ...]

    def has(self, name: str) -> bool:
        """Whether an entry of this name is no parameter of a network."""
        return name in self.names or name.startswith(self.prefixes)


@dataclasses.dataclass(frozen=True)
class NameRules:
    """The whole table."""

    owners: tuple[Owner, ...]
    guesses: tuple[Guess, ...]
    slots: Slots

    def owner(self, types: Iterable[str]) -> Owner:
        """The entry of the first of a layer's types (its class, then its bases) that has one."""
        for name in types:
            for owner in self.owners:
                if name in owner.types:
                    return owner
        return Owner(types=())

    def guessed_names(self, present: Collection[str], *, to_torch: bool) -> dict[str, str]:
        """Name -> name in the other framework, for the entries that lie beside each other.

        The way back needs a name that tells more than weight and bias do.
        """
        for guess in self.guesses:
            if to_torch and set(guess.present) <= set(present):
                return guess.names
            telling = not set(guess.names.values()) <= {"weight", "bias"}
            if not to_torch and telling and set(guess.names.values()) <= set(present):
                return {theirs: ours for ours, theirs in guess.names.items()}
        return {}

    def only_torch(self) -> set[str]:
        """Names that no layer of MindSpore's has."""
        return {name for owner in self.owners for name in owner.only_torch}


@cache
def name_rules() -> NameRules:
    """The shipped table.

    >>> name_rules().owner(["BatchNorm2d"]).names["gamma"]
    'weight'
    """
    path = table_root() / "checkpoints.toml"
    return decode(NameRules, read_toml(path), display(path))
