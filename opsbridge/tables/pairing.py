"""Which parameters of two APIs say the same thing: joined by the slots or the axes they set."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from opsbridge.tables.finding import equal_scalars
from opsbridge.tables.schema import ApiTable, CoreTable, Device, Param, Scalar


@dataclass(frozen=True)
class Pairing:
    """Parameters of both sides that set the same slots, or the same axes; one side may be empty."""

    names: tuple[str, ...]
    left: tuple[Param, ...]
    right: tuple[Param, ...]
    enumerated: bool


def pair_parameters(left: ApiTable, right: ApiTable) -> list[Pairing]:
    """Pair all parameters of two APIs, in the order of the left one, then of the right one.

    Slots split over several parameters on one side come together in one pairing. Enumerated
    parameters (converter ``choice``) fill no slot; they pair by the axes that both set. Extensions
    are no part of the framework, and what is ignored says nothing.
    """
    pairings: list[Pairing] = []
    for param in (*left.params, *right.params):
        names = subject_names(param)
        if param.extension or not names:
            continue
        if any(name in pairing.names for pairing in pairings for name in names):
            continue
        pairings.append(_grown(names, param.converter == "choice", left, right))
    return pairings


def subject_names(param: Param) -> tuple[str, ...]:
    """The slots that a parameter fills; for an enumerated parameter the axes that it sets."""
    return tuple(param.choices[0].set) if param.choices else param.fills


def _grown(names: tuple[str, ...], enumerated: bool, left: ApiTable, right: ApiTable) -> Pairing:
    """All parameters connected to ``names``, however long the chain over shared names is."""
    while True:
        found_left, found_right = _touching(left, names), _touching(right, names)
        more = [name for param in (*found_left, *found_right) for name in subject_names(param)]
        grown = tuple(dict.fromkeys((*names, *more)))
        if grown == names:
            return Pairing(names, found_left, found_right, enumerated)
        names = grown


def _touching(api: ApiTable, names: Iterable[str]) -> tuple[Param, ...]:
    return tuple(p for p in api.params if not p.extension and set(subject_names(p)) & set(names))


def axis_values(
    api: ApiTable, core: CoreTable, device: Device | None = None, dtype: str | None = None
) -> dict[str, Scalar]:
    """Value of every axis with default arguments: in general, or for one device and dtype."""
    values: dict[str, Scalar] = {}
    for param in api.params:
        for choice in param.choices:
            if not param.required and equal_scalars(choice.value, param.default):
                values.update(choice.set)
    for block in api.behaviour:
        if block.device in (None, device) and (not block.dtypes or dtype in block.dtypes):
            values.update(block.set)
    if dtype is not None:
        for axis in core.axes:
            # ``same`` is the dtype of the tensors: float32 tensors make it the value float32.
            if values.get(axis.name) == "same" and dtype in [v.value for v in axis.values]:
                values[axis.name] = dtype
    return values


def contexts(axis: str, left: ApiTable, right: ApiTable) -> Iterator[tuple[Device | None, str]]:
    """Devices that a block about the axis names, with the dtypes that both APIs take."""
    blocks = [block for api in (left, right) for block in api.behaviour if axis in block.set]
    devices = dict.fromkeys(b.device for b in blocks if b.device is not None or b.dtypes)
    for device in devices:
        for dtype in common_dtypes(left, right):
            yield device, dtype


def common_dtypes(left: ApiTable, right: ApiTable) -> list[str]:
    """Dtypes that both APIs take. The first tensor decides; ids of groups may be of any dtype."""
    taken = [
        set(next((param.dtypes for param in api.params if "tensor" in param.types), ()))
        for api in (left, right)
    ]
    return sorted(taken[0] & taken[1])


@dataclass(frozen=True)
class Point:
    """What one combination of enumerated values means: its label and the axes of the pairing."""

    label: str
    values: tuple[Scalar | None, ...]


def points(
    api: ApiTable, core: CoreTable, params: tuple[Param, ...], names: tuple[str, ...]
) -> list[Point]:
    """Every combination of the values of some enumerated parameters, as points over ``names``."""
    fixed = axis_values(api, core)
    result = []
    for choices in itertools.product(*(param.choices for param in params)):
        values = fixed.copy()
        for choice in choices:
            values.update(choice.set)
        label = ", ".join(repr(choice.value) for choice in choices)
        result.append(Point(label, tuple(values.get(name) for name in names)))
    return result
