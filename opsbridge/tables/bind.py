"""A table as a plan: what each argument fills, and which rule and results a call has.

A plan is built once per API; calls walk it and never look at the table again.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from opsbridge.tables.convert import CONVERTERS, PLAIN_TYPES
from opsbridge.tables.schema import ApiTable, Param, Scalar, Stage


@dataclass(frozen=True)
class Step:
    """One argument: its parameter, and the converter that fills slots (None: it sets axes).

    Values of exactly the `plain_types` need no check; they fill `slot`, if that is given, as they
    are.
    """

    param: Param
    takes_tensor: bool
    takes_list: bool
    convert: Callable[..., dict[str, Any]] | None
    plain_types: frozenset[type]
    slot: str


@dataclass(frozen=True)
class Plan:
    """Everything that calling one framework API needs to know of its table."""

    api: ApiTable
    name: str
    init: tuple[Step, ...]
    call: tuple[Step, ...]
    outputs: tuple[tuple[str, str], ...]
    arguments: dict[str, str]
    columns: dict[str, int]
    errors: dict[str, dict[str, str]]

    def axes(self, device: str, dtype: str) -> dict[str, Scalar]:
        """The axis values that hold on this kind of device for this dtype."""
        axes: dict[str, Scalar] = {}
        for behaviour in self.api.behaviour:
            if behaviour.device in (None, device) and dtype in (behaviour.dtypes or (dtype,)):
                axes.update(behaviour.set)
        return axes

    def signature(self, stage: Stage) -> inspect.Signature:
        """The signature of one stage as Python shows it."""
        steps = self.init if stage == "init" else self.call
        return inspect.Signature([_parameter(step.param) for step in steps])


def bind_plan(api: ApiTable) -> Plan:
    """Build the plan of an API table."""
    return Plan(
        api=api,
        name=api.name.rpartition(".")[2],
        init=tuple(_step(param) for param in api.params if param.stage == "init"),
        call=tuple(_step(param) for param in api.params if param.stage == "call"),
        outputs=tuple((result.output, result.dtype) for result in api.returns),
        arguments={slot: param.name for param in api.params for slot in param.fills},
        columns={
            slot: first
            for param in api.params
            for slot, (first, _) in zip(param.fills, param.columns, strict=False)
        },
        errors={
            name: {str(check): str(error) for check, error in errors.items()}
            for name, errors in [("", api.errors), *((p.name, p.errors) for p in api.params)]
            if errors
        },
    )


def _step(param: Param) -> Step:
    return Step(
        param=param,
        takes_tensor="tensor" in param.types,
        takes_list="tensor_list" in param.types,
        convert=None if param.converter == "choice" else CONVERTERS[param.converter],
        plain_types=frozenset(PLAIN_TYPES[name] for name in param.types if name in PLAIN_TYPES),
        slot=param.fills[0] if param.converter in ("same", "number", "integer") else "",
    )


def _parameter(param: Param) -> inspect.Parameter:
    kind = (
        inspect.Parameter.POSITIONAL_ONLY
        if param.positional_only
        else inspect.Parameter.POSITIONAL_OR_KEYWORD
    )
    default = inspect.Parameter.empty if param.required else param.default
    return inspect.Parameter(param.name, kind, default=default)
