"""What a rule says about a table, and the checks that several rules share."""

from __future__ import annotations

import keyword
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from opsbridge.tables.decode import show
from opsbridge.tables.schema import Axis, CoreTable, Default, Scalar


@dataclass(frozen=True)
class Finding:
    """One thing wrong with a table: the key path and what is wrong there."""

    key: str
    message: str


def equal_scalars(left: Default | None, right: Default | None) -> bool:
    """Equal in value and type: 0, 0.0 and false are three different table values."""
    return type(left) is type(right) and left == right


def is_value(axis: Axis, value: Scalar) -> bool:
    """Whether the axis has this value."""
    return any(equal_scalars(value, allowed.value) for allowed in axis.values)


def check_setting(core: CoreTable, setting: dict[str, Scalar], key: str) -> Iterator[Finding]:
    """Findings about axes or values of a setting that the core table does not have."""
    axes = {axis.name: axis for axis in core.axes}
    yield from names_known(key, setting, axes, "axes")
    for name, value in setting.items():
        if name in axes and not is_value(axes[name], value):
            values = [allowed.value for allowed in axes[name].values]
            words = ", ".join(word if isinstance(word, str) else show(word) for word in values)
            yield Finding(f"{key}.{name}", f"is {show(value)}; allowed: {words}")


def names_known(
    key: str, names: Iterable[str], known: Iterable[str], what: str
) -> Iterator[Finding]:
    """Findings about names that are not among the known ones."""
    for name in names:
        if name not in known:
            yield Finding(key, f"has {name}; {what}: {', '.join(known)}")


def names_are_words(key: str, names: Iterable[str]) -> Iterator[Finding]:
    """Findings about names that Python cannot have."""
    for name in names:
        if not (name.isascii() and name.isidentifier()) or keyword.iskeyword(name):
            yield Finding(key, f"has the name {show(name)}; expected one of Python")


def duplicates(key: str, names: list[str], what: str = "name") -> Iterator[Finding]:
    """Findings about names that occur more than once."""
    for name, count in Counter(names).items():
        if count > 1:
            yield Finding(key, f"use the {what} {name} {count} times")
