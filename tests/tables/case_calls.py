"""The inputs of a case as a call of a framework API: the mapping tables read backwards."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from opsbridge.tables.finding import equal_scalars
from opsbridge.tables.options import fold
from opsbridge.tables.pairing import axis_values
from opsbridge.tables.schema import ApiTable, Case, CoreTable, Expectation, Param, Scalar

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Call:
    """Arguments of the two stages, tensors as NumPy arrays; keywords are those of the call."""

    init: tuple[Any, ...]
    call: tuple[Any, ...]
    keywords: dict[str, Any]


def arrays(case: Case, expectation: Expectation, core: CoreTable) -> dict[str, Any]:
    """The inputs of a case, tensors in its dtype (ids of groups as integers)."""
    tensors = {slot.name for slot in core.slots if slot.kind == "tensor"} & set(case.inputs)
    inputs = case.inputs | expectation.inputs
    for name in tensors:
        inputs[name] = np.array(inputs[name], np.int64 if name == "groups" else case.dtype)
    return inputs


def call_for(api: ApiTable, core: CoreTable, case: Case, expectation: Expectation) -> Call | None:
    """Arguments with which the API meets the expectation; None where it can't be asked for it."""
    wanted = {**case.base, **expectation.set}
    given_back = {name for value in api.returns for name in (value.output, value.ends)}
    if not (expectation.refused or given_back & set(expectation.outputs)):
        return None
    if not set(case.inputs) <= {slot for param in api.params for slot in param.fills}:
        return None
    if any(param.required and not set(param.fills) <= set(case.inputs) for param in api.params):
        return None
    if not all(case.dtype in param.dtypes for param in api.params if param.dtypes):
        return None
    chosen = _choices(api, core, wanted)
    if chosen is None or _takes_other_shapes(api):
        return None
    inputs = arrays(case, expectation, core)
    values = {param.name: _argument(param, inputs, chosen) for param in api.params}
    for param in api.params:
        if param.inside:
            values.setdefault(param.inside, {})[param.name] = values[param.name]
    seen = [param for param in fold(api.params) if not param.extension]
    return Call(
        tuple(values[param.name] for param in seen if param.stage == "init"),
        tuple(values[param.name] for param in seen if param.stage == "call"),
        {param.name: values[param.name] for param in api.params if param.extension},
    )


def _takes_other_shapes(api: ApiTable) -> bool:
    """Whether it goes over more axes, or reads one column twice (boxes in place of scores)."""
    columns = [range(*span) for param in api.params for span in param.columns]
    return bool(api.each) or any(
        set(one) & set(other) for one, other in itertools.combinations(columns, 2)
    )


def _choices(api: ApiTable, core: CoreTable, wanted: dict[str, Scalar]) -> dict[str, Scalar] | None:
    """Values of the enumerated parameters that give the wanted axes, if any do."""
    enumerated = [param for param in api.params if param.choices]
    for choices in itertools.product(*(param.choices for param in enumerated)):
        values = axis_values(api, core, "cpu")
        for choice in choices:
            values.update(choice.set)
        if all(name in values and equal_scalars(values[name], wanted[name]) for name in wanted):
            return {p.name: c.value for p, c in zip(enumerated, choices, strict=True)}
    return None


def _argument(param: Param, inputs: dict[str, Any], chosen: dict[str, Scalar]) -> Any:
    if param.name in chosen:
        return chosen[param.name]
    if not set(param.fills) & set(inputs):
        return param.default
    values = [inputs[slot] for slot in param.fills]
    if param.converter == "columns":
        return np.column_stack(values)
    if param.converter == "element_limit":
        return (values[0] + 1) // 4
    if param.converter == "floats":
        return tuple(values[0])
    return tuple(values) if len(values) > 1 else values[0]
