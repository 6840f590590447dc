"""The direct calls of canonical functions, where their operators and arguments allow them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from opsbridge.core.checks import Caller
from opsbridge.core.direct import Argument, Direct, Source
from opsbridge.core.operator import Operator
from opsbridge.frameworks import FrameworkLayer, Road
from opsbridge.tables.schema import CoreTable

_FLOATS = ("float16", "bfloat16", "float32", "float64")
# The operators whose plain calls need no more checks than these dtypes and native code.
_DTYPES = {"nms": {"boxes": _FLOATS, "scores": _FLOATS, "groups": ("int64", "float64")}}
_NUMBERS = {"float": Source.NUMBER, "int": Source.INTEGER}
_MOST_OUTPUTS = 4  # of a direct call
_MOST_WAYS = 256

# How a call gives its arguments: how many by place, and the keywords, axes with their values.
Way = tuple[Any, ...]


class Roads:
    """The direct calls of one function, by the class of the first tensor and the way of the call.

    They are made once a call went through the operator, since tracing cannot follow their making.
    """

    def __init__(
        self, operator: Operator, core: CoreTable, caller: Caller, names: tuple[str, ...]
    ) -> None:
        self._names = names
        self._slots = frozenset(slot.name for slot in core.slots)
        self._make = partial(make_direct, operator, core, caller)
        self._are_there = operator.name in _DTYPES
        self._roads: dict[type, dict[Way, Road | None]] = {}

    def __call__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The result of a call, or None where there is no direct one."""
        ways = self._roads.get(type(args[0])) if args else None
        if ways is None or "out" in kwargs:
            return None
        try:
            road = ways.get(self._way(args, kwargs))
        except TypeError:  # an axis that cannot be a key
            return None
        if road is None:
            return None
        values = (*args, *(value for name, value in kwargs.items() if name in self._slots))
        for value in values:
            if type(value) is int and value < 0:  # what stands for a number that is left out
                return None
        return road(values)

    def learn(
        self,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        layer: FrameworkLayer,
        rule_of: Callable[[str], Any],
        outputs: tuple[tuple[str, str], ...],
    ) -> None:
        """Make the direct calls like one that went well; `rule_of` gives the rule for a dtype."""
        if not (self._are_there and args) or type(args[0]) not in layer.plain_types:
            return
        ways = self._roads.setdefault(type(args[0]), {})
        try:
            way = self._way(args, kwargs)
            if way in ways or len(ways) >= _MOST_WAYS:
                return
        except TypeError:  # an axis that cannot be a key
            return
        names = (*self._names[: len(args)], *(name for name in kwargs if name in self._slots))
        is_plain = len(outputs) <= _MOST_OUTPUTS
        ways[way] = layer.road(self._make(names, rule_of, outputs)) if is_plain else None

    def _way(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Way:
        if not kwargs:
            return (len(args),)
        slots = self._slots
        return (
            len(args),
            *(
                name if name in slots else (name, type(value), value)
                for name, value in kwargs.items()
            ),
        )


def make_direct(
    operator: Operator,
    core: CoreTable,
    caller: Caller,
    names: tuple[str, ...],
    rule_of: Callable[[str], Any],
    outputs: tuple[tuple[str, str], ...],
) -> Direct:
    """The direct calls that give the slots with these names, in this order."""
    native, dtypes = operator.native, _DTYPES[operator.name]
    slots = {slot.name: slot for slot in core.slots}

    def argument(name: str, place: int) -> Argument:
        slot = slots[name]
        if slot.kind != "tensor":
            return Argument(place, _NUMBERS[slot.kind])
        return Argument(place, Source.TENSOR, slot.shape, dtypes[name])

    direct = Direct(
        operator=operator,
        native=native,  # type: ignore[arg-type]
        count=len(names),
        arguments={name: argument(name, place) for place, name in enumerate(names)},
        constants={},
        choices=(),
        dtypes=_FLOATS,
        rules=tuple(map(rule_of, _FLOATS)),
        wanted=outputs,
        caller=caller,
    )
    given, wanted = frozenset(names), frozenset(name for name, _ in outputs)
    takes = native.is_on_device  # type: ignore[union-attr]
    is_on_device = takes(direct.rules[0], given, wanted)
    return replace(direct, on_device=direct) if is_on_device else direct
