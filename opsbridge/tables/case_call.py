"""The inputs of a case as arguments of an API: its table read backwards, in plain Python values."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from opsbridge.tables.finding import equal_scalars
from opsbridge.tables.pairing import axis_values
from opsbridge.tables.schema import ApiTable, Case, CoreTable, Expectation, Param, Scalar


@dataclass(frozen=True)
class CaseCall:
    """Arguments by parameter, tensors as nested lists; ``axes`` are the conventions they give.

    ``chosen`` are the values of enumerated parameters that are not the defaults.
    """

    case: Case
    arguments: dict[str, Any]
    axes: dict[str, Scalar]
    chosen: dict[str, Scalar | None]


def case_calls(api: ApiTable, core: CoreTable, case: Case) -> list[CaseCall]:
    """The calls of a real API that meet an expectation of the case, default arguments first.

    There is none where the API lacks an input, takes other shapes or tensors, where the case is
    refused, or where the real API is known not to do what the table says in opsbridge's stead.
    """
    if api.each or api.own_tensors or not _takes(api, case):
        return []
    own = {axis for deviation in api.deviations for axis in deviation.axes}
    found: list[CaseCall] = []
    for expectation in case.expect:
        if not expectation.refused and not own & {*case.axes, *expectation.set}:
            found += _meeting(api, core, case, expectation)
    return sorted(found, key=lambda call: len(call.chosen))


def _takes(api: ApiTable, case: Case) -> bool:
    params = [param for param in api.params if not param.extension]
    filled = {slot for param in params for slot in param.fills}
    return (
        set(case.inputs) <= filled
        and all(set(p.fills) <= set(case.inputs) for p in params if p.required)
        and all(case.dtype in p.dtypes for p in params if p.dtypes)
        and all(case.dtype in p.dtypes_on.get("cpu", p.dtypes) for p in params if p.dtypes)
    )


def _meeting(
    api: ApiTable, core: CoreTable, case: Case, expectation: Expectation
) -> Iterator[CaseCall]:
    wanted = {**case.base, **expectation.set}
    returned = {name for value in api.returns for name in (value.output, value.ends)}
    enumerated = [param for param in api.params if param.choices and not param.extension]
    for choices in itertools.product(*(param.choices for param in enumerated)):
        axes = axis_values(api, core, "cpu")
        for choice in choices:
            axes.update(choice.set)
        meets = all(name in axes and equal_scalars(axes[name], wanted[name]) for name in wanted)
        if meets and returned & set(expectation.outputs):
            values = {p.name: c.value for p, c in zip(enumerated, choices, strict=True)}
            defaults = {p.name: p.default for p in enumerated if not p.required}
            chosen = {k: v for k, v in values.items() if k not in defaults or v != defaults[k]}
            yield CaseCall(case, _arguments(api, case, values), axes, chosen)


def _arguments(api: ApiTable, case: Case, values: dict[str, Scalar | None]) -> dict[str, Any]:
    """Arguments that the case needs; those that stay at their default are left out."""
    arguments: dict[str, Any] = {}
    for param in api.params:
        if param.extension:
            continue
        if param.name in values:
            value: Any = values[param.name]
        elif set(param.fills) & set(case.inputs):
            value = _packed(param, [case.inputs[slot] for slot in param.fills])
        else:
            continue
        if param.required or not equal_scalars(value, param.default):
            target = arguments.setdefault(param.inside, {}) if param.inside else arguments
            target[param.name] = value
    return arguments


def _packed(param: Param, values: list[Any]) -> Any:
    if param.converter == "columns":
        return [
            [number for part in row for number in (part if isinstance(part, list) else [part])]
            for row in zip(*values, strict=True)
        ]
    if param.converter == "element_limit":
        return (values[0] + 1) // 4
    return tuple(values) if len(values) > 1 else values[0]
