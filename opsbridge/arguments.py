"""The arguments of one framework API: checked, converted, and put into slots of its operator."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NoReturn

from opsbridge.core import OPERATORS
from opsbridge.core.checks import Caller, fits_shape
from opsbridge.errors import ArgumentError, DtypeError, OpsbridgeError
from opsbridge.forming import formed, sizes_of
from opsbridge.frameworks import FrameworkLayer, from_rows, layer_of
from opsbridge.shaping import from_array
from opsbridge.tables.bind import Plan, Step
from opsbridge.tables.convert import (
    check_value_type,
    chosen_axes,
    expected_types,
    plain_element,
    spelled,
)
from opsbridge.tables.load import all_api_names, load_api, load_core
from opsbridge.tables.schema import ApiTable, Param, Scalar

# What cores want of columns that they get as tensors of their own.
_DTYPES_OF_COLUMNS = {"groups": "float64", "batch_indices": "int64"}
# Axis values that arguments chose.
Chosen = tuple[tuple[str, Scalar], ...]


class NotATensor(Exception):
    """Something else came for a tensor: a mistake, or a symbol of a graph that is being made."""

    def __init__(self, param: Param, name: str, value: Any) -> None:
        super().__init__(name)
        self.param = param
        self.name = name
        self.value = value


class Arguments:
    """What becomes of the arguments of an API, as its plan says it."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.caller = Caller(plan.name, plan.arguments, plan.columns, errors=plan.errors)
        # Made here, since tracing cannot follow it.
        self._list_caller = replace(self.caller, list_lengths=())
        places = [i for i, step in enumerate(plan.call) if step.takes_tensor]
        self.first_tensor_place = places[0]
        # The argument whose dtype decides, wherever it comes.
        main = OPERATORS[plan.api.core].main
        mains = [i for i in places if main in plan.call[i].param.fills]
        self.main_place = (mains or places)[0]
        self._first_tensor = plan.call[self.first_tensor_place].param.name
        taken = inspect.signature(OPERATORS[plan.api.core].run).parameters
        self._cut_slots = {
            slot.name: len(slot.shape)
            for slot in load_core(plan.api.core).slots
            if f"{slot.name}_column" not in taken
        }
        self._takes_list = any(step.takes_list for step in plan.call)
        self._takes_rows = any(step.takes_rows for step in plan.call)
        self._takes_holder = any(step.takes_holder for step in plan.call)
        self._needs_sizes = any(step.form.sizes for step in plan.call)

    def as_tensors(self, values: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments with tensors in place of what holds them, or lists their numbers."""
        if self._takes_holder:
            values = tuple(
                value.tensor
                if step.takes_holder and layer_of(value) is None and hasattr(value, "tensor")
                else value
                for step, value in zip(self.plan.call, values, strict=True)
            )
        return self._with_rows(values) if self._takes_rows else values

    def fill(
        self,
        steps: tuple[Step, ...],
        values: tuple[Any, ...],
        layer: FrameworkLayer | None,
        main_dtypes: tuple[str, ...] = (),
    ) -> tuple[dict[str, Any], Chosen]:
        """What fills the slots, and the axes that arguments choose."""
        slots: dict[str, Any] = {}
        chosen: Chosen = ()
        sizes = {} if layer is None or not self._needs_sizes else sizes_of(steps, values, layer)
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
                        for each in main_dtypes if dtype == "same" else (dtype,):
                            value = layer.cast(value, each)
                if step.takes_single:
                    value = plain_element(value)
                if not step.form.is_plain:
                    value = formed(value, step.form, layer, sizes, not self.plan.api.each)
                slots.update(step.convert(value, step.param, layer))
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
            raise self.error(DtypeError, "type", param)(
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
            raise self.error(type(error), check, param)(*error.args) from None

    def _chosen_by(self, param: Param, value: Any) -> Chosen:
        try:
            return tuple(chosen_axes(value, param, self.plan.name).items())
        except ArgumentError as error:
            raise self.error(ArgumentError, "value", param)(*error.args) from None

    def error(self, kind: type[OpsbridgeError], check: str, param: Param) -> type[OpsbridgeError]:
        return self.caller.error(kind, check, param.fills[0] if param.fills else param.name)

    def layer_of(self, values: tuple[Any, ...]) -> tuple[FrameworkLayer, Any]:
        """The framework of the tensors that came, once each of them is fit for its parameter."""
        layer: FrameworkLayer | None = None
        first: Any = None
        for step, value in zip(self.plan.call, values, strict=True):
            if not step.takes_tensor or (value is None and step.param.optional):
                continue
            for name, tensor, shape in self._tensors_of(step, value):
                own = layer_of(tensor)
                if own is None:
                    raise NotATensor(step.param, name, tensor)
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
            raise self.error(ArgumentError, "value", step.param)(
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
            allowed = param.dtypes_on.get(kind_of(layer.device(tensor)), allowed)
        if allowed and dtype not in allowed and not self._is_widened_inside(layer, param, tensor):
            raise self.error(DtypeError, "dtype", param)(
                f"{self.plan.name}: {name} is {dtype}; allowed: {', '.join(allowed)}"
            )

    def _is_widened_inside(self, layer: FrameworkLayer, param: Param, tensor: Any) -> bool:
        """Whether automatic mixed precision makes a dtype fit that is not allowed otherwise."""
        devices = self.plan.api.autocast_inside
        return layer.dtype(tensor) in param.dtypes and bool(
            devices and layer.widened((tensor,), devices)
        )

    def caller_for(self, values: tuple[Any, ...], layer: FrameworkLayer) -> Caller:
        """What messages about these arguments say: rows of a list are counted image by image."""
        if not self._takes_list:
            return self.caller
        for step, value in zip(self.plan.call, values, strict=True):
            if step.takes_list and isinstance(value, (list, tuple)):
                if layer.is_recording():
                    return self._list_caller
                lengths = tuple(layer.shape(tensor)[0] for tensor in value)
                return replace(self.caller, list_lengths=lengths)
        return self.caller

    def _refuse_mixture(self, param: Param, name: str, tensor: Any, first: Any) -> NoReturn:
        raise self.error(DtypeError, "type", param)(
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
        raise self.error(ArgumentError, check, param)(
            f"{self.plan.name}: {name} has shape {tuple(shape)}; expected {wanted}{hint}"
        )


def kind_of(device: str) -> Any:
    """The kind of a device: `cuda` of `cuda:0`."""
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
    is_probed = all(behaviour.evidence.kind == "probed" for behaviour in api.behaviour)
    return api.own_tensors, not is_probed, len(api.params)


def _takes(api: ApiTable, shape: tuple[int, ...]) -> bool:
    first = next(param for param in api.params if "tensor" in param.types)
    is_open = first.shape[:1] == ("...",) and isinstance(first.shape[-1], str)  # fits anything
    return not is_open and fits_shape(shape, first.shape)
