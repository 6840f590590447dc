"""A table as a plan: what each argument fills, and which rule and results a call has.

A plan is built once per API; calls walk it and never look at the table again.
"""

from __future__ import annotations

import inspect
import itertools
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from opsbridge.errors import DtypeError
from opsbridge.tables.convert import CONVERTERS, PLAIN_TYPES
from opsbridge.tables.forms import Form, form_of
from opsbridge.tables.load import load_core
from opsbridge.tables.options import signature_of, unfold
from opsbridge.tables.schema import ApiTable, CoreTable, Param, Scalar, Stage


@dataclass(frozen=True)
class Step:
    """One argument: its parameter, and the converter that fills slots (None: it sets axes).

    Values of exactly the `plain_types` need no check; they fill `slot`, if that is given, as they
    are.
    """

    param: Param
    takes_tensor: bool
    takes_list: bool
    takes_rows: bool
    takes_single: bool
    takes_holder: bool
    form: Form
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
    aliases: dict[str, str]
    has_parts: bool
    has_entries: bool
    has_extensions: bool
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

    def constants(self, device: str) -> dict[str, Scalar]:
        """The slots that the API itself fills on this kind of device."""
        return {
            constant.slot: constant.value
            for constant in self.api.constants
            if constant.device in (None, device)
        }

    def renamed(self, keywords: dict[str, Any]) -> dict[str, Any]:
        """Keyword arguments by today's names; older ones are said to be deprecated."""
        for old in self.aliases.keys() & keywords.keys():
            new = self.aliases[old]
            if new in keywords:
                raise DtypeError(f"{self.name}: {old} is an older name of {new}; give one of them")
            warnings.warn(
                f"{self.name}: {old} is deprecated; use {new}", DeprecationWarning, stacklevel=4
            )
            keywords = {new if name == old else name: value for name, value in keywords.items()}
        return keywords

    def returned(self, results: tuple[Any, ...]) -> Any:
        """What the API returns: the results, as lists of parts where the table says so."""
        if self.has_parts:
            named = dict(zip((name for name, _ in self.outputs), results, strict=True))
            results = tuple(
                split_parts(named[value.output], named[value.ends])
                if value.ends
                else named[value.output]
                for value in self.api.returns
            )
        return results if len(results) > 1 else results[0]

    def signature(self, stage: Stage) -> inspect.Signature:
        """The signature of one stage as Python shows it."""
        steps = self.init if stage == "init" else self.call
        return signature_of(step.param for step in steps)

    def unfolded(self, values: tuple[Any, ...]) -> tuple[Any, ...]:
        """One value per step of the call, where some are entries of a dictionary that came."""
        if not self.has_entries:
            return values
        return unfold(self.name, tuple(step.param for step in self.call), values)


def bind_plan(api: ApiTable) -> Plan:
    """Build the plan of an API table."""
    core = load_core(api.core)
    return Plan(
        api=api,
        name=api.name.rpartition(".")[2],
        init=tuple(_step(param, core, api.each) for param in api.params if param.stage == "init"),
        call=tuple(_step(param, core, api.each) for param in api.params if param.stage == "call"),
        outputs=tuple(_outputs(api)),
        aliases={
            alias: param.name for param in api.params for alias in param.aliases if not param.inside
        },
        has_parts=any(result.ends for result in api.returns),
        has_entries=any(param.inside for param in api.params),
        has_extensions=any(param.extension for param in api.params),
        arguments=_arguments(api),
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


def _outputs(api: ApiTable) -> Iterator[tuple[str, str]]:
    for result in api.returns:
        yield result.output, result.dtype
        if result.ends:
            yield result.ends, "int64"


def split_parts(flat: Any, ends: Any) -> list[Any]:
    """The parts of a tensor that end where another one says."""
    places = [0, *ends.tolist()]
    return [flat[start:end] for start, end in itertools.pairwise(places)]


def _step(param: Param, core: CoreTable, each: tuple[str, ...]) -> Step:
    return Step(
        param=param,
        takes_tensor="tensor" in param.types,
        takes_list="tensor_list" in param.types,
        takes_rows="rows" in param.types,
        takes_single="single" in param.types,
        takes_holder="holder" in param.types,
        form=form_of(param, core, each),
        convert=None if param.converter == "choice" else CONVERTERS[param.converter],
        plain_types=_plain_types(param),
        slot=param.fills[0] if param.converter in ("same", "number", "integer") else "",
    )


def _plain_types(param: Param) -> frozenset[type]:
    if not (param.minimum is None and param.maximum is None and param.above is None):
        return frozenset()
    if param.times != 1 or param.plus != 0:
        return frozenset()
    return frozenset(PLAIN_TYPES[name] for name in param.types if name in PLAIN_TYPES)


def _arguments(api: ApiTable) -> dict[str, str]:
    """What users call each slot, and each axis that one argument chooses a value of."""
    chosen = {
        axis: param.name for param in api.params for each in param.choices for axis in each.set
    }
    return chosen | {slot: param.name for param in api.params for slot in param.fills}
