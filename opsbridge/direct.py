"""The direct calls of a framework API, made from its plan, where its arguments allow them."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from opsbridge.core import OPERATORS
from opsbridge.core.checks import Caller
from opsbridge.core.direct import Argument, Choice, Direct, Source
from opsbridge.core.operator import Operator
from opsbridge.core.rules import Rule
from opsbridge.tables.bind import Plan, Step
from opsbridge.tables.schema import Device, Param, Scalar

_FLOATS = ("float16", "bfloat16", "float32", "float64")
_HALVES = ("float16", "bfloat16")
_WIDE_IDS = ("int64", "float64")
_NUMBERS = {
    "number": Source.NUMBER,
    "plain_number": Source.NUMBER,
    "number_pair": Source.NUMBER,
    "integer": Source.INTEGER,
    "pair": Source.INTEGER,
    "positive_number": Source.POSITIVE_NUMBER,
    "positive_integer": Source.POSITIVE_INTEGER,
}
_SAME_NUMBERS = {"int": Source.INTEGER, "float": Source.NUMBER}
_PAIRS = ("pair", "number_pair")

# Takes the values of a direct call; gives what the API returns, or None where it declines.
Road = Callable[[tuple[Any, ...]], Any]
Values = tuple[Any, ...]
Chosen = tuple[tuple[str, Scalar], ...]
RuleOf = Callable[[Device, str, Chosen], Rule]


class _NotDirectError(Exception):
    """A parameter that native code cannot take as it is."""


def make_direct(plan: Plan, rule_of: RuleOf, widens_halves: bool) -> Direct | None:
    """The direct calls of an API, if its operator and its parameters allow them.

    `rule_of` gives the rule for a device, a dtype and chosen axes. Where the framework may widen
    16-bit tensors behind the caller's back (`widens_halves`), they are left to the operator.
    """
    operator = OPERATORS[plan.api.core]
    if operator.native is None or plan.has_entries or plan.has_parts:
        return None
    without_halves = widens_halves and bool(plan.api.autocast)
    try:
        on_host = _make(plan, operator, "cpu", rule_of, without_halves)
        on_device = _make(plan, operator, "cuda", rule_of, without_halves)
    except _NotDirectError:
        return None
    slots = frozenset((*on_device.arguments, *on_device.constants))
    outputs = frozenset(name for name, _ in on_device.wanted)
    takes = operator.native.is_on_device
    declined = frozenset(
        place for place, rule in enumerate(on_device.rules) if not takes(rule, slots, outputs)
    )
    if len(declined) == len(on_device.rules):
        return on_host
    return replace(on_host, on_device=replace(on_device, declined=declined))


def _make(
    plan: Plan, operator: Operator, device: Device, rule_of: RuleOf, without_halves: bool
) -> Direct:
    arguments: dict[str, Argument] = {}
    constants: dict[str, Any] = plan.constants(device)
    choices: list[Choice] = []
    settings: list[list[Chosen]] = []
    place = 0
    for step in (*plan.call, *plan.init):
        param = step.param
        if step.convert is None:
            choices.append(Choice(place, tuple(each.value for each in param.choices)))
            settings.append([tuple(each.set.items()) for each in param.choices])
        for i, slot in enumerate(param.fills):
            is_second = param.converter in _PAIRS and i == 1
            if not step.form.is_plain:
                raise _NotDirectError(param.name)
            arguments[slot] = _argument(param, place + is_second, device)
            if param.columns:
                if f"{slot}_column" not in operator.native.arguments:  # type: ignore[union-attr]
                    raise _NotDirectError(param.name)
                constants[f"{slot}_column"] = param.columns[i][0]
        if not param.fills and step.convert is not None:
            raise _NotDirectError(param.name)
        place += 2 if param.converter in _PAIRS else 1
    dtypes = _dtypes(plan, arguments[operator.main], without_halves)
    return Direct(
        operator=operator,
        native=operator.native,  # type: ignore[arg-type]
        count=place,
        arguments=arguments,
        constants=constants,
        choices=tuple(choices),
        dtypes=dtypes,
        rules=tuple(
            rule_of(device, dtype, tuple(itertools.chain(*axes)))
            for dtype in dtypes
            for axes in itertools.product(*settings)
        ),
        wanted=plan.outputs,
        caller=Caller(plan.name, plan.arguments, plan.columns, errors=plan.errors),
    )


def _argument(param: Param, place: int, device: Device) -> Argument:
    if "tensor" in param.types:
        dtypes = param.dtypes_on.get(device, param.dtypes)
        if param.converter == "ids":  # others are cast first
            dtypes = tuple(dtype for dtype in dtypes if dtype in _WIDE_IDS)
        if param.casts:
            dtypes = tuple(dtype for dtype in dtypes if set(param.casts) == {dtype})
        return Argument(place, Source.TENSOR, param.shape, dtypes)
    if not (param.minimum is None and param.maximum is None and param.above is None):
        raise _NotDirectError(param.name)
    if param.converter == "same" and param.types[0] in _SAME_NUMBERS:
        return Argument(place, _SAME_NUMBERS[param.types[0]])
    if param.converter in _NUMBERS:
        return Argument(place, _NUMBERS[param.converter])
    raise _NotDirectError(param.name)


def _dtypes(plan: Plan, main: Argument, without_halves: bool) -> tuple[str, ...]:
    """The dtypes of direct calls."""
    numbers = {step.param.converter for step in plan.call}
    # Whether a plain number is an integer decides what becomes of integer tensors.
    is_floating = bool(numbers & {"plain_number", "number_pair"})
    return tuple(
        dtype
        for dtype in main.dtypes
        if not (is_floating and dtype not in _FLOATS) and not (without_halves and dtype in _HALVES)
    )


def with_settings(road: Road, call: tuple[Step, ...], init: tuple[Step, ...]) -> Callable[..., Any]:
    """A road for the values of a call's parameters, and for prepared settings if there are some."""
    prepare = preparation(call)
    if prepare is None:
        return (lambda values, settings: road(values + settings)) if init else road

    def prepared(values: Values, settings: Values = ()) -> Any:
        given = prepare(values)
        return None if given is None else road(given + settings)

    return prepared


def preparation(steps: tuple[Step, ...]) -> Callable[[Values], Values | None] | None:
    """What makes the values of a direct call from those of some parameters.

    It gives each number of a pair a place of its own, and None for what native code would take and
    the API does not. None: the values are right as they are.
    """
    pairs = [
        (place, "integer" in step.param.types)
        for place, step in enumerate(steps)
        if step.param.converter in _PAIRS
    ]
    # Native code cannot tell integers of NumPy from Python's.
    exact = [
        (place, {"int": int, "float": float}[kind])
        for place, step in enumerate(steps)
        for kind in step.param.types
        if kind in ("int", "float") and "bool" not in step.param.types
    ]
    if not pairs and not exact:
        return None

    def prepare(values: Values) -> Values | None:
        for place, kind in exact:
            if type(values[place]) is not kind:
                return None
        for place, may_be_one in reversed(pairs):
            pair = values[place]
            if may_be_one and type(pair) is int:
                pair = (pair, pair)
            elif type(pair) not in (tuple, list) or len(pair) != 2:
                return None
            values = (*values[:place], *pair, *values[place + 1 :])
        return values

    return prepare
