"""The inputs of a case as arguments of an API: its table read backwards, in plain Python values."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from opsbridge.tables.case_inputs import fitted_inputs, neutral_inputs, with_axes
from opsbridge.tables.finding import equal_scalars
from opsbridge.tables.forms import form_of, unformed
from opsbridge.tables.pairing import axis_values
from opsbridge.tables.remember import remembered
from opsbridge.tables.schema import ApiTable, Case, CoreTable, Expectation, Param, Scalar


@dataclass(frozen=True)
class CaseCall:
    """Arguments by parameter, tensors as nested lists; ``axes`` are the conventions they give.

    ``dtypes`` are those of the tensors, ``chosen`` the values of enumerated parameters that are not
    the defaults, ``left_out`` the optional inputs of the case that the API has no place for, and
    ``expects`` is what it should give.
    """

    case: Case
    arguments: dict[str, Any]
    dtypes: dict[str, str]
    axes: dict[str, Scalar]
    chosen: dict[str, Scalar | None]
    left_out: tuple[str, ...]
    expects: Expectation


@remembered
def case_calls(api: ApiTable, core: CoreTable, case: Case) -> list[CaseCall]:
    """The calls of a real API that meet an expectation of the case, default arguments first.

    There is none where the API lacks an input, takes other shapes or tensors, where the case is
    refused, or where the real API is known not to do what the table says in opsbridge's stead.
    Optional inputs may be lacking: the API then does without.
    """
    if not _takes(api, core, case):
        return []
    own = {axis for each in api.deviations if case.name not in each.same_in for axis in each.axes}
    found: list[CaseCall] = []
    for expectation in case.expect:
        if not expectation.refused and not own & {*case.axes, *expectation.set}:
            found += _meeting(api, core, case, expectation)
    return sorted(found, key=lambda call: len(call.chosen))


def _takes(api: ApiTable, core: CoreTable, case: Case) -> bool:
    params = [param for param in api.params if not param.extension]
    fixed = {
        constant.slot
        for constant in api.constants
        if not equal_scalars(constant.value, case.inputs.get(constant.slot))
    }
    agreed = {constant.slot for constant in api.constants} - fixed
    optional = {slot.name for slot in core.slots if slot.optional} - fixed
    given = {*case.inputs, *neutral_inputs(api, case)}
    if api.schema and case.dtype not in api.runtime_dtypes:
        return False  # runtimes have kernels for few of the dtypes that a schema allows
    return (
        {*_left_out(api, case)} <= optional | agreed
        and all(set(p.fills) <= given for p in params if p.required)
        and all(_dtype(param, case) for param in params if param.dtypes)
    )


def _dtype(param: Param, case: Case) -> str:
    """The dtype of the tensor that goes in there: that of the case, or a type of indices."""
    allowed = param.dtypes_on.get("cpu", param.dtypes)
    if param.converter == "ids" and "int64" in allowed:
        return "int64"
    whole = all("int" in name for name in allowed)
    return next((name for name in allowed if whole or name == case.dtype), "")


def _left_out(api: ApiTable, case: Case) -> tuple[str, ...]:
    filled = {slot for param in api.params if not param.extension for slot in param.fills}
    return tuple(slot for slot in case.inputs if slot not in filled)


def _meeting(
    api: ApiTable, core: CoreTable, case: Case, expectation: Expectation
) -> Iterator[CaseCall]:
    wanted = _typed({**case.base, **expectation.set}, core, case.dtype)
    returned = {name for value in api.returns for name in (value.output, value.ends)}
    enumerated = [param for param in api.params if param.choices and not param.extension]
    left_out = _left_out(api, case)
    without = {
        axis.name: axis.without_slot
        for axis in core.axes
        if axis.only_with_slot in left_out and axis.without_slot is not None
    }
    for choices in itertools.product(*(param.choices for param in enumerated)):
        axes = without | axis_values(api, core, "cpu", case.dtype)
        for choice in choices:
            axes.update(choice.set)
        meets = all(name in axes and equal_scalars(axes[name], wanted[name]) for name in wanted)
        inputs = fitted_inputs(api, axes, case, expectation) if meets else None
        if inputs is not None and returned & set(expectation.outputs):
            values = {p.name: c.value for p, c in zip(enumerated, choices, strict=True)}
            given = _given(api, core, case, inputs, values)
            if given is not None:
                arguments, dtypes = given
                chosen = _chosen(enumerated, values)
                yield CaseCall(case, arguments, dtypes, axes, chosen, left_out, expectation)


def _given(
    api: ApiTable,
    core: CoreTable,
    case: Case,
    inputs: dict[str, Any],
    values: dict[str, Scalar | None],
) -> tuple[dict[str, Any], dict[str, str]] | None:
    """Arguments, and the dtypes of those that are tensors; None where the API takes no such."""
    try:
        arguments = _arguments(api, core, inputs, values)
    except ZeroDivisionError:  # on an axis of one place there are no shares
        return None
    dtypes = {
        param.name: _dtype(param, case)
        for param in api.params
        if param.dtypes and isinstance(arguments.get(param.name), list)
    }
    is_taken = all(_is_allowed(param, arguments.get(param.name)) for param in api.params)
    is_exact = all(_is_exact(arguments[name], dtype) for name, dtype in dtypes.items())
    return (arguments, dtypes) if is_taken and is_exact else None


def _chosen(enumerated: list[Param], values: dict[str, Scalar | None]) -> dict[str, Scalar | None]:
    """The values of enumerated parameters that have to be said, as they are no defaults."""
    return {
        param.name: values[param.name]
        for param in enumerated
        if param.required or values[param.name] != param.default
    }


def _typed(values: dict[str, Scalar], core: CoreTable, dtype: str) -> dict[str, Scalar]:
    """The values with the dtype in the place of ``same`` where an axis has it as a value."""
    typed = {axis.name for axis in core.axes if dtype in [each.value for each in axis.values]}
    return {
        name: dtype if value == "same" and name in typed else value
        for name, value in values.items()
    }


def _arguments(
    api: ApiTable, core: CoreTable, inputs: dict[str, Any], values: dict[str, Scalar | None]
) -> dict[str, Any]:
    """Arguments that the case needs; those that stay at their default are left out."""
    arguments: dict[str, Any] = {}
    sizes = _sizes(core, inputs)
    among = {value.among for value in api.returns}
    for param in (each for each in api.params if not each.extension):
        if param.name in api.real_arguments:
            value: Any = api.real_arguments[param.name]
        elif param.name in values:
            value = values[param.name]
        elif set(param.fills) & set(inputs):
            value = _packed(param, [inputs[slot] for slot in param.fills])
            value = unformed(value, form_of(param, core), sizes)
            value = with_axes(value, param, api) if api.each else value
        elif param.name in among and "groups" in inputs:
            value = sorted(set(inputs["groups"]))
        elif param.required:  # a bound of the result as a whole
            value = len(inputs["boxes"])
        else:
            continue
        if (
            param.required
            or param.name in api.real_arguments
            or not equal_scalars(value, param.default)
        ):
            target = arguments.setdefault(param.inside, {}) if param.inside else arguments
            target[param.name] = value
    return arguments


def _sizes(core: CoreTable, inputs: dict[str, Any]) -> dict[str, int]:
    """How long the named axes of the inputs are."""
    sizes: dict[str, int] = {}
    for slot in core.slots:
        value = inputs.get(slot.name)
        for axis in slot.shape:
            if not isinstance(value, list):
                break
            sizes.setdefault(str(axis), len(value))
            value = value[0] if value else None
    return sizes


def _is_allowed(param: Param, value: Any) -> bool:
    """Whether a number is in the range that the real API takes."""
    if not isinstance(value, int | float):
        return True
    least, most = (-math.inf if param.minimum is None else param.minimum), param.maximum
    return value >= least and (most is None or value <= most)


def _is_exact(value: Any, dtype: str) -> bool:
    """Whether the numbers of a tensor are whole where its dtype holds no others."""
    if isinstance(value, list):
        return all(_is_exact(each, dtype) for each in value)
    return "int" not in dtype or float(value).is_integer()


def _packed(param: Param, values: list[Any]) -> Any:
    if param.converter == "columns":
        width = param.shape[-1] if param.shape else None
        return [
            [number for part in row for number in (part if isinstance(part, list) else [part])][
                : width if isinstance(width, int) else None
            ]
            for row in zip(*values, strict=True)
        ]
    if param.converter == "element_limit":
        return (values[0] + 1) // 4
    if param.converter == "floats":
        return tuple(values[0])
    return tuple(values) if len(values) > 1 else values[0]
