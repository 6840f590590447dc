"""Framework APIs as callables, made from their tables.

`api("torchvision/nms")` is a function with torchvision's signature, `api("mindspore/ROIAlign")` a
class that is configured first and called then. Neither holds a convention: names, order, defaults,
types, axes and results come from the table, and which framework's tensors come is independent of
whose API is called.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, get_args

from opsbridge.arguments import Arguments, Chosen, NotATensor, kind_of
from opsbridge.callables import make_class, make_function, record
from opsbridge.core import OPERATORS
from opsbridge.core.rules import Rule
from opsbridge.direct import make_direct, with_settings
from opsbridge.errors import DtypeError
from opsbridge.frameworks import FrameworkLayer, Road, layer_of
from opsbridge.shaping import Shaping
from opsbridge.strictness import is_strict
from opsbridge.tables.arrange import arrangement
from opsbridge.tables.bind import Plan, bind_plan
from opsbridge.tables.convert import VALUE_TYPES, expected_types, plain_element, spelled
from opsbridge.tables.load import load_api
from opsbridge.tables.schema import ApiTable, Device, Variant


class Operator:
    """One API bound to its plan: converts arguments, picks the rule, runs the core operator."""

    def __init__(self, table: ApiTable) -> None:
        self.plan: Plan = bind_plan(table)
        self.init_signature = self.plan.signature("init")
        self.call_signature = self.plan.signature("call")
        self.arguments = Arguments(self.plan)
        self.arrange_call = arrangement(self.call_signature)
        self.first_tensor_place = self.arguments.first_tensor_place
        # With so many positional arguments nothing is left to arrange.
        self.direct_count = -1 if self.plan.has_extensions else len(self.plan.call)
        # Made here for every combination, since tracing cannot follow it.
        self._rules = {key: self._make_rule(*key) for key in self._combinations()}
        self.shaping = Shaping(self.plan, OPERATORS[table.core])
        self._variants = [
            (each, Operator(replace(load_api(each.table), name=table.name)))
            for each in table.variants
        ]
        # By the class of the first tensor; filled by calls, since importing imports no framework.
        self.roads: dict[type, Callable[..., Any] | None] = {}
        # The same for values that are prepared already: each number of a pair is one of its own.
        self.prepared_roads: dict[type, Road] = {}

    def configure(self, values: tuple[Any, ...]) -> tuple[dict[str, Any], Chosen]:
        """The slots and axes that the constructor's arguments settle."""
        return self.arguments.fill(self.plan.init, values, None)

    def run(
        self, target: Any, slots: dict[str, Any], chosen: Chosen, values: tuple[Any, ...]
    ) -> Any:
        """Call the core operator with the tensors that came in a call of `target`."""
        came = values
        values = self.plan.unfolded(values)
        if self._variants:
            variant = self._variant(values)
            if variant is not None:
                return variant.run(target, slots, chosen, self._values_of(variant, values))
        values = self.arguments.as_tensors(values)
        try:
            api = self.plan.api
            widened = self._widened(values) if api.autocast or api.mixed else None
            given = values if widened is None else widened
            layer, first = self.arguments.layer_of(given)
        except NotATensor as stranger:
            return self._record(target, came, stranger)
        # Mixed precision widens within the API, after it has cast others to the first dtype.
        came_as = layer.dtype(values[self.arguments.main_place]) if widened is not None else ""
        main = given[self.arguments.main_place]
        main_dtypes = (came_as, layer.dtype(main)) if came_as else (layer.dtype(main),)
        filled, more = self.arguments.fill(self.plan.call, given, layer, main_dtypes)
        settings = dict(
            **slots,
            **self.plan.constants(kind_of(layer.device(first))),
            rule=self._rule(layer.device(first), layer.dtype(main), chosen + more),
            outputs=self.shaping.outputs,
            caller=self.arguments.caller_for(given, layer),
        )
        if not self.shaping.is_plain:
            names = (step.param.name for step in self.plan.call)
            return self.shaping.results(
                layer,
                filled,
                dict(zip(names, given, strict=True)),
                main,
                lambda placed: layer.run(self.plan.api.core, **placed, **settings),
            )
        results = layer.run(self.plan.api.core, **filled, **settings)
        if widened is not None and api.mixed != "common":
            results = self._narrowed(results, values, layer)
        if self.shaping.has_forms:
            return self.plan.returned(self.shaping.in_form(results, layer))
        if type(first) not in self.roads and not layer.is_recording():
            self.roads[type(first)] = self._road(layer, type(first))
        return self.plan.returned(results)

    def _road(self, layer: FrameworkLayer, kind: type) -> Callable[..., Any] | None:
        """The direct calls of this API for tensors of a class, if it has some."""
        if kind not in layer.plain_types or not self.shaping.is_plain or self._variants:
            return None
        direct = make_direct(self.plan, self._rule, layer.widens_halves)
        if direct is None:
            return None
        road = self.prepared_roads[kind] = layer.road(direct)
        return with_settings(road, self.plan.call, self.plan.init)

    def backward(self, gradient: Any, values: tuple[Any, ...]) -> Any:
        """The gradient of the first tensor of a function's call, from that of its result."""
        layer, first = self.arguments.layer_of(values)
        filled, chosen = self.arguments.fill(self.plan.call, values, layer)
        (result,) = layer.run(
            str(OPERATORS[self.plan.api.core].backward),
            gradient=gradient,
            **filled,
            rule=self._rule(layer.device(first), layer.dtype(first), chosen),
            outputs=(("gradient", "same"),),
            caller=self.arguments.caller,
        )
        return result

    def _widened(self, values: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """The arguments in other dtypes, if mixed precision or a mixture of dtypes needs it."""
        layer = layer_of(values[0])
        if layer is None:
            return None
        if self.plan.api.mixed:
            return None if is_strict() else layer.promoted(values)
        return layer.widened(values, self.plan.api.autocast)

    def _narrowed(
        self, results: tuple[Any, ...], values: tuple[Any, ...], layer: FrameworkLayer
    ) -> tuple[Any, ...]:
        """The results in the dtype that came before it was widened."""
        return tuple(
            layer.narrowed(result, values[0]) if dtype == "same" else result
            for result, (_, dtype) in zip(results, self.plan.outputs, strict=True)
        )

    def _record(self, target: Any, values: tuple[Any, ...], stranger: NotATensor) -> Any:
        """The call as a node of a graph, if the stranger is a symbol of one."""
        if type(stranger.value).__module__ == "torch.fx.proxy":
            return record(target, stranger.value, values)
        param, name = stranger.param, stranger.name
        kinds = ("tensor",) if name != param.name else param.types
        raise self.arguments.error(DtypeError, "type", param)(
            f"{self.plan.name}: {name} is {spelled(stranger.value)}; {expected_types(kinds)}"
        )

    def _variant(self, values: tuple[Any, ...]) -> Operator | None:
        """The operator of another table that describes calls with these arguments, if one does."""
        given = {step.param.name: v for step, v in zip(self.plan.call, values, strict=True)}
        for variant, operator in self._variants:
            if _is_of(variant, given[variant.param]):
                return operator
        return None

    def _values_of(self, variant: Operator, values: tuple[Any, ...]) -> tuple[Any, ...]:
        given = {step.param.name: v for step, v in zip(self.plan.call, values, strict=True)}
        return tuple(given[step.param.name] for step in variant.plan.call)

    def _rule(self, device: str, dtype: str, chosen: Chosen) -> Rule:
        key = (kind_of(device), dtype, chosen)
        rule = self._rules.get(key)
        return self._make_rule(*key) if rule is None else rule

    def _make_rule(self, device: str, dtype: str, chosen: Chosen) -> Rule:
        axes = self.plan.axes(device, dtype) | dict(chosen)
        return OPERATORS[self.plan.api.core].rule(**axes)

    def _combinations(self) -> Iterator[tuple[str, str, Chosen]]:
        params = self.plan.api.params
        dtypes = self.plan.call[self.arguments.main_place].param.dtypes
        settings = [
            [tuple(choice.set.items()) for choice in param.choices]
            for param in params
            if param.converter == "choice"
        ]
        for device, dtype, chosen in itertools.product(
            get_args(Device), dtypes, itertools.product(*settings)
        ):
            yield device, dtype, tuple(itertools.chain(*chosen))


def _is_of(variant: Variant, value: Any) -> bool:
    """Whether an argument makes a call one of the variant's; tensors of one element are numbers."""
    if variant.above is None and variant.value is None:
        return value is None
    if getattr(value, "shape", ()) not in ((), (1,)):
        return False
    if variant.above is None:
        return bool(value == variant.value)
    number = plain_element(value)
    return VALUE_TYPES["number"](number) and bool(number > variant.above)


def make_api(table: ApiTable, module: str) -> Any:
    """The callable of an API table: a function, or a class that is configured and then called."""
    make = make_function if table.form == "function" else make_class
    return make(Operator(table), module)


def api(identifier: str, module: str) -> Any:
    """The callable of a shipped table, as a member of `module`."""
    return make_api(load_api(identifier), module)
