"""Framework APIs as callables, made from their tables.

`api("torchvision/nms")` is a function with torchvision's signature, `api("mindspore/ROIAlign")` a
class that is configured first and called then. Neither holds a convention: names, order, defaults,
types, axes and results come from the table, and which framework's tensors come is independent of
whose API is called.
"""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, NoReturn, get_args

from opsbridge.callables import make_class, make_function, record
from opsbridge.core import OPERATORS
from opsbridge.core.checks import Caller, fits_shape
from opsbridge.core.rules import Rule
from opsbridge.direct import make_direct, with_settings
from opsbridge.errors import ArgumentError, DtypeError, OpsbridgeError
from opsbridge.frameworks import FrameworkLayer, Road, from_rows, layer_of
from opsbridge.shaping import Shaping, from_array
from opsbridge.tables.arrange import arrangement
from opsbridge.tables.bind import Plan, Step, bind_plan
from opsbridge.tables.convert import (
    VALUE_TYPES,
    adjusted,
    check_value_type,
    chosen_axes,
    expected_types,
    plain_element,
    spelled,
)
from opsbridge.tables.load import all_api_names, load_api, load_core
from opsbridge.tables.schema import ApiTable, Device, Param, Scalar, Variant

# What cores want of columns that they get as tensors of their own.
_DTYPES_OF_COLUMNS = {"groups": "float64", "batch_indices": "int64"}
# Axis values that arguments chose.
_Chosen = tuple[tuple[str, Scalar], ...]


class _NotATensor(Exception):
    """Something else came for a tensor: a mistake, or a symbol of a graph that is being made."""

    def __init__(self, param: Param, name: str, value: Any) -> None:
        super().__init__(name)
        self.param = param
        self.name = name
        self.value = value


class Operator:
    """One API bound to its plan: converts arguments, picks the rule, runs the core operator."""

    def __init__(self, table: ApiTable) -> None:
        self.plan: Plan = bind_plan(table)
        self.init_signature = self.plan.signature("init")
        self.call_signature = self.plan.signature("call")
        self.caller = Caller(
            self.plan.name, self.plan.arguments, self.plan.columns, errors=self.plan.errors
        )
        self.arrange_call = arrangement(self.call_signature)
        tensors = [place for place, step in enumerate(self.plan.call) if step.takes_tensor]
        self.first_tensor_place = tensors[0]
        # With so many positional arguments nothing is left to arrange.
        self.direct_count = -1 if self.plan.has_extensions else len(self.plan.call)
        self._first_tensor = self.plan.call[tensors[0]].param.name
        # Made here for every combination, since tracing cannot follow the making of either.
        self._list_caller = replace(self.caller, list_lengths=())
        self._rules = {key: self._make_rule(*key) for key in self._combinations()}
        taken = inspect.signature(OPERATORS[table.core].run).parameters
        self._cut_slots = {
            slot.name: len(slot.shape)
            for slot in load_core(table.core).slots
            if f"{slot.name}_column" not in taken
        }
        self._takes_list = any(step.takes_list for step in self.plan.call)
        self._takes_rows = any(step.takes_rows for step in self.plan.call)
        self.shaping = Shaping(self.plan, OPERATORS[table.core])
        self._variants = [
            (each, Operator(replace(load_api(each.table), name=table.name)))
            for each in table.variants
        ]
        # By the class of the first tensor; filled by calls, since importing imports no framework.
        self.roads: dict[type, Callable[..., Any] | None] = {}
        # The same for values that are prepared already: each number of a pair is one of its own.
        self.prepared_roads: dict[type, Road] = {}

    def configure(self, values: tuple[Any, ...]) -> tuple[dict[str, Any], _Chosen]:
        """The slots and axes that the constructor's arguments settle."""
        return self._fill(self.plan.init, values, None)

    def run(
        self, target: Any, slots: dict[str, Any], chosen: _Chosen, values: tuple[Any, ...]
    ) -> Any:
        """Call the core operator with the tensors that came in a call of `target`."""
        came = values
        values = self.plan.unfolded(values)
        if self._variants:
            variant = self._variant(values)
            if variant is not None:
                return variant.run(target, slots, chosen, self._values_of(variant, values))
        if self._takes_rows:
            values = self._with_rows(values)
        try:
            widened = self._widened(values) if self.plan.api.autocast else None
            given = values if widened is None else widened
            layer, first = self._layer_of(given)
        except _NotATensor as stranger:
            return self._record(target, came, stranger)
        filled, more = self._fill(self.plan.call, given, layer, layer.dtype(first))
        settings = dict(
            **slots,
            **self.plan.constants(_kind_of(layer.device(first))),
            rule=self._rule(layer.device(first), layer.dtype(first), chosen + more),
            outputs=self.shaping.outputs,
            caller=self._caller_for(given, layer) if self._takes_list else self.caller,
        )
        if not self.shaping.is_plain:
            names = (step.param.name for step in self.plan.call)
            return self.shaping.results(
                layer,
                filled,
                dict(zip(names, given, strict=True)),
                first,
                lambda placed: layer.run(self.plan.api.core, **placed, **settings),
            )
        results = layer.run(self.plan.api.core, **filled, **settings)
        if widened is not None:
            results = self._narrowed(results, values, layer)
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
        layer, first = self._layer_of(values)
        filled, chosen = self._fill(self.plan.call, values, layer)
        (result,) = layer.run(
            str(OPERATORS[self.plan.api.core].backward),
            gradient=gradient,
            **filled,
            rule=self._rule(layer.device(first), layer.dtype(first), chosen),
            outputs=(("gradient", "same"),),
            caller=self.caller,
        )
        return result

    def _widened(self, values: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """The arguments as the framework's automatic mixed precision changes them, if it does."""
        layer = layer_of(values[0])
        return None if layer is None else layer.widened(values, self.plan.api.autocast)

    def _narrowed(
        self, results: tuple[Any, ...], values: tuple[Any, ...], layer: FrameworkLayer
    ) -> tuple[Any, ...]:
        """The results in the dtype that came before it was widened."""
        return tuple(
            layer.narrowed(result, values[0]) if dtype == "same" else result
            for result, (_, dtype) in zip(results, self.plan.outputs, strict=True)
        )

    def _record(self, target: Any, values: tuple[Any, ...], stranger: _NotATensor) -> Any:
        """The call as a node of a graph, if the stranger is a symbol of one."""
        if type(stranger.value).__module__ == "torch.fx.proxy":
            return record(target, stranger.value, values)
        param, name = stranger.param, stranger.name
        kinds = ("tensor",) if name != param.name else param.types
        raise self._error(DtypeError, "type", param)(
            f"{self.plan.name}: {name} is {spelled(stranger.value)}; {expected_types(kinds)}"
        )

    def _fill(
        self,
        steps: tuple[Step, ...],
        values: tuple[Any, ...],
        layer: FrameworkLayer | None,
        main_dtype: str = "",
    ) -> tuple[dict[str, Any], _Chosen]:
        slots: dict[str, Any] = {}
        chosen: _Chosen = ()
        for step, value in zip(steps, values, strict=True):
            if type(value) in step.plain_types:
                if step.slot:
                    slots[step.slot] = value
                    continue
            elif not step.takes_tensor:
                self._check_value(step.param, value)
            if step.convert is None:
                chosen += self._chosen_by(step.param, value)
            elif value is not None or not step.param.optional:
                if layer is not None:
                    for dtype in step.param.casts:
                        value = layer.cast(value, main_dtype if dtype == "same" else dtype)
                if step.takes_single:
                    value = plain_element(value)
                slots.update(step.convert(adjusted(value, step.param), step.param, layer))
                if step.param.columns:
                    self._cut_columns(slots, step.param, layer)
        return slots, chosen

    def _cut_columns(self, slots: dict[str, Any], param: Param, layer: Any) -> None:
        """Give slots that the core does not read from columns of a wider tensor views of it."""
        for slot, (first, end) in zip(param.fills, param.columns, strict=True):
            if slot in self._cut_slots:
                del slots[f"{slot}_column"]
                is_vector = self._cut_slots[slot] == 1
                view = slots[slot][:, first] if is_vector else slots[slot][:, first:end]
                dtype = _DTYPES_OF_COLUMNS.get(slot)
                slots[slot] = view if dtype is None else layer.cast(view, dtype)

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

    def _with_rows(self, values: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments with lists of numbers as tensors, of the framework of the others."""
        tensors = (
            value
            for step, value in zip(self.plan.call, values, strict=True)
            if step.takes_tensor and layer_of(value) is not None
        )
        like = next(tensors, None)
        return tuple(
            self._from_rows(step.param, value, like)
            if step.takes_rows and isinstance(value, (list, tuple))
            else value
            for step, value in zip(self.plan.call, values, strict=True)
        )

    def _from_rows(self, param: Param, rows: Any, like: Any) -> Any:
        widest = param.casts[-1] if param.casts else ""
        dtype = widest if widest in param.dtypes else param.dtypes[0]
        try:
            array = from_rows(rows, dtype)
        except (ValueError, TypeError):
            raise self._error(DtypeError, "type", param)(
                f"{self.plan.name}: {param.name} is {spelled(rows)}; {expected_types(param.types)}"
            ) from None
        if not array.size:
            array = array.reshape([size if isinstance(size, int) else 0 for size in param.shape])
        layer = layer_of(like)
        return array if layer is None else from_array(layer, array, dtype, like)

    def _check_value(self, param: Param, value: Any) -> None:
        try:
            check_value_type(value, param, self.plan.name)
        except OpsbridgeError as error:
            # A sequence of the wrong length is of the right type.
            check = "shape" if isinstance(error, ArgumentError) else "type"
            raise self._error(type(error), check, param)(*error.args) from None

    def _chosen_by(self, param: Param, value: Any) -> _Chosen:
        try:
            return tuple(chosen_axes(value, param, self.plan.name).items())
        except ArgumentError as error:
            raise self._error(ArgumentError, "value", param)(*error.args) from None

    def _error(self, kind: type[OpsbridgeError], check: str, param: Param) -> type[OpsbridgeError]:
        return self.caller.error(kind, check, param.fills[0] if param.fills else param.name)

    def _rule(self, device: str, dtype: str, chosen: _Chosen) -> Rule:
        key = (_kind_of(device), dtype, chosen)
        rule = self._rules.get(key)
        return self._make_rule(*key) if rule is None else rule

    def _make_rule(self, device: str, dtype: str, chosen: _Chosen) -> Rule:
        axes = self.plan.axes(device, dtype) | dict(chosen)
        return OPERATORS[self.plan.api.core].rule(**axes)

    def _combinations(self) -> Iterator[tuple[str, str, _Chosen]]:
        params = self.plan.api.params
        dtypes = next(param.dtypes for param in params if "tensor" in param.types)
        settings = [
            [tuple(choice.set.items()) for choice in param.choices]
            for param in params
            if param.converter == "choice"
        ]
        for device, dtype, chosen in itertools.product(
            get_args(Device), dtypes, itertools.product(*settings)
        ):
            yield device, dtype, tuple(itertools.chain(*chosen))

    def _layer_of(self, values: tuple[Any, ...]) -> tuple[FrameworkLayer, Any]:
        """The framework of the tensors that came, once each of them is fit for its parameter."""
        layer: FrameworkLayer | None = None
        first: Any = None
        for step, value in zip(self.plan.call, values, strict=True):
            if not step.takes_tensor or (value is None and step.param.optional):
                continue
            for name, tensor, shape in self._tensors_of(step, value):
                own = layer_of(tensor)
                if own is None:
                    raise _NotATensor(step.param, name, tensor)
                if layer is None:
                    layer, first = own, tensor
                elif own is not layer:
                    self._refuse_mixture(step.param, name, tensor, first)
                self._check_tensor(own, step.param, name, tensor, shape)
        if layer is None:
            raise AssertionError(f"{self.plan.name} takes no tensor")
        return layer, first

    def _tensors_of(
        self, step: Step, value: Any
    ) -> Iterator[tuple[str, Any, tuple[int | str, ...]]]:
        """The tensors in one argument, each with its name and the shape its table asks for."""
        name = step.param.name
        if not (step.takes_list and isinstance(value, (list, tuple))):
            yield name, value, step.param.shape
            return
        if not value:
            raise self._error(ArgumentError, "value", step.param)(
                f"{self.plan.name}: {name} is an empty list; expected one (L, 4) tensor per image"
            )
        for image, tensor in enumerate(value):
            yield f"{name}[{image}]", tensor, ("L", 4)

    def _check_tensor(
        self,
        layer: FrameworkLayer,
        param: Param,
        name: str,
        tensor: Any,
        expected: tuple[int | str, ...],
    ) -> None:
        shape = layer.shape(tensor)
        if not fits_shape(shape, expected):
            check = "shape" if len(shape) == len(expected) else "rank"
            self._refuse_shape(param, name, shape, expected, check)
        dtype = layer.dtype(tensor)
        allowed = param.dtypes
        if param.dtypes_on:
            allowed = param.dtypes_on.get(_kind_of(layer.device(tensor)), allowed)
        if allowed and dtype not in allowed and not self._is_widened_inside(layer, param, tensor):
            raise self._error(DtypeError, "dtype", param)(
                f"{self.plan.name}: {name} is {dtype}; allowed: {', '.join(allowed)}"
            )

    def _is_widened_inside(self, layer: FrameworkLayer, param: Param, tensor: Any) -> bool:
        """Whether automatic mixed precision makes a dtype fit that is not allowed otherwise."""
        devices = self.plan.api.autocast_inside
        return layer.dtype(tensor) in param.dtypes and bool(
            devices and layer.widened((tensor,), devices)
        )

    def _caller_for(self, values: tuple[Any, ...], layer: FrameworkLayer) -> Caller:
        for step, value in zip(self.plan.call, values, strict=True):
            if step.takes_list and isinstance(value, (list, tuple)):
                if layer.is_recording():
                    return self._list_caller
                lengths = tuple(layer.shape(tensor)[0] for tensor in value)
                return replace(self.caller, list_lengths=lengths)
        return self.caller

    def _refuse_mixture(self, param: Param, name: str, tensor: Any, first: Any) -> NoReturn:
        raise self._error(DtypeError, "type", param)(
            f"{self.plan.name}: {name} is a {_type_name(tensor)}, but the first tensor is a "
            f"{_type_name(first)}; all tensors of a call must come from one framework"
        )

    def _refuse_shape(
        self,
        param: Param,
        name: str,
        shape: tuple[int, ...],
        expected: tuple[int | str, ...],
        check: str,
    ) -> NoReturn:
        wanted = "(" + ", ".join(map(str, expected)) + ("," if len(expected) == 1 else "") + ")"
        fitting = _api_that_takes(self.plan.api, shape) if name == self._first_tensor else ""
        hint = f"; tensors of this shape are what {fitting} takes" if fitting else ""
        raise self._error(ArgumentError, check, param)(
            f"{self.plan.name}: {name} has shape {tuple(shape)}; expected {wanted}{hint}"
        )


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


def _kind_of(device: str) -> Any:
    return device.partition(":")[0]


def _type_name(value: Any) -> str:
    kind = type(value)
    return f"{kind.__module__.partition('.')[0]}.{kind.__name__}"


def _api_that_takes(api: ApiTable, shape: tuple[int, ...]) -> str:
    """The plainest other API of the operator whose first tensor may have this shape, if any."""
    others = [load_api(name) for name in all_api_names()]
    fitting = [
        other
        for other in others
        if other.core == api.core and other.name != api.name and _takes(other, shape)
    ]
    plainest = min(fitting, key=_plainness, default=None)
    return f"opsbridge.{plainest.name}" if plainest else ""


def _plainness(api: ApiTable) -> tuple[bool, bool, int]:
    """Least for what takes ordinary tensors, has been seen to work, and has few parameters."""
    is_probed = api.behaviour[0].evidence.kind == "probed"
    return api.own_tensors, not is_probed, len(api.params)


def _takes(api: ApiTable, shape: tuple[int, ...]) -> bool:
    first = next(param for param in api.params if "tensor" in param.types)
    is_open = first.shape[:1] == ("...",) and isinstance(first.shape[-1], str)  # fits anything
    return not is_open and fits_shape(shape, first.shape)


def make_api(table: ApiTable, module: str) -> Any:
    """The callable of an API table: a function, or a class that is configured and then called."""
    make = make_function if table.form == "function" else make_class
    return make(Operator(table), module)


def api(identifier: str, module: str) -> Any:
    """The callable of a shipped table, as a member of `module`."""
    return make_api(load_api(identifier), module)
