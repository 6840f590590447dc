"""Framework APIs as callables, made from their tables.

`api("torchvision/nms")` is a function with torchvision's signature, `api("mindspore/ROIAlign")` a
class that is configured first and called then. Neither holds a convention: names, order, defaults,
types, axes and results come from the table, and which framework's tensors come is independent of
whose API is called.
"""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NoReturn, get_args

from opsbridge.core import OPERATORS
from opsbridge.core.checks import Caller, fits_shape
from opsbridge.core.rules import Rule
from opsbridge.errors import ArgumentError, DtypeError
from opsbridge.frameworks import FrameworkLayer, layer_of
from opsbridge.tables.bind import Plan, Step, bind_plan
from opsbridge.tables.convert import check_value_type, chosen_axes, expected_types, spelled
from opsbridge.tables.load import all_api_names, load_api
from opsbridge.tables.schema import ApiTable, Device, Param, Scalar

# Axis values that arguments chose.
_Chosen = tuple[tuple[str, Scalar], ...]


class _Operator:
    """One API bound to its plan: converts arguments, picks the rule, runs the core operator."""

    def __init__(self, table: ApiTable) -> None:
        self.plan: Plan = bind_plan(table)
        self.init_signature = self.plan.signature("init")
        self.call_signature = self.plan.signature("call")
        self.caller = Caller(self.plan.name, self.plan.arguments, self.plan.columns)
        self._first_tensor = next(
            param.name for param in self.plan.api.params if "tensor" in param.types
        )
        # Made here for every combination, since tracing cannot follow the making of a rule.
        self._rules = {key: self._make_rule(*key) for key in self._combinations()}

    def configure(self, values: tuple[Any, ...]) -> tuple[dict[str, Any], _Chosen]:
        """The slots and axes that the constructor's arguments settle."""
        return self._fill(self.plan.init, values, None)

    def run(self, slots: dict[str, Any], chosen: _Chosen, values: tuple[Any, ...]) -> Any:
        """Call the core operator with the tensors of the call."""
        values = self.plan.unfolded(values)
        layer, first = self._layer_of(values)
        filled, more = self._fill(self.plan.call, values, layer)
        rule = self._rule(layer.device(first), layer.dtype(first), chosen + more)
        results = layer.run(
            self.plan.api.core,
            **slots,
            **filled,
            **self.plan.constants(_kind_of(layer.device(first))),
            rule=rule,
            outputs=self.plan.outputs,
            caller=self._caller_for(values, layer),
        )
        return self.plan.returned(results)

    def _fill(
        self, steps: tuple[Step, ...], values: tuple[Any, ...], layer: FrameworkLayer | None
    ) -> tuple[dict[str, Any], _Chosen]:
        slots: dict[str, Any] = {}
        chosen: _Chosen = ()
        for step, value in zip(steps, values, strict=True):
            if not step.takes_tensor:
                check_value_type(value, step.param, self.plan.name)
            if step.convert is None:
                chosen += tuple(chosen_axes(value, step.param, self.plan.name).items())
            elif value is not None or not step.param.optional:
                slots.update(step.convert(value, step.param, layer))
        return slots, chosen

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
            if not step.takes_tensor:
                continue
            for name, tensor, shape in self._tensors_of(step, value):
                own = layer_of(tensor)
                if own is None:
                    self._refuse_type(step.param, name, tensor)
                if layer is None:
                    layer, first = own, tensor
                elif own is not layer:
                    self._refuse_mixture(name, tensor, first)
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
            raise ArgumentError(
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
            self._refuse_shape(name, shape, expected)
        dtype = layer.dtype(tensor)
        allowed = param.dtypes
        if param.dtypes_on:
            allowed = param.dtypes_on.get(_kind_of(layer.device(tensor)), allowed)
        if allowed and dtype not in allowed:
            raise DtypeError(f"{self.plan.name}: {name} is {dtype}; allowed: {', '.join(allowed)}")

    def _caller_for(self, values: tuple[Any, ...], layer: FrameworkLayer) -> Caller:
        for step, value in zip(self.plan.call, values, strict=True):
            if step.takes_list and isinstance(value, (list, tuple)):
                lengths = tuple(layer.shape(tensor)[0] for tensor in value)
                return replace(self.caller, list_lengths=lengths)
        return self.caller

    def _refuse_type(self, param: Param, name: str, value: Any) -> NoReturn:
        kinds = ("tensor",) if name != param.name else param.types
        raise DtypeError(f"{self.plan.name}: {name} is {spelled(value)}; {expected_types(kinds)}")

    def _refuse_mixture(self, name: str, tensor: Any, first: Any) -> NoReturn:
        raise DtypeError(
            f"{self.plan.name}: {name} is a {_type_name(tensor)}, but the first tensor is a "
            f"{_type_name(first)}; all tensors of a call must come from one framework"
        )

    def _refuse_shape(
        self, name: str, shape: tuple[int, ...], expected: tuple[int | str, ...]
    ) -> NoReturn:
        wanted = "(" + ", ".join(map(str, expected)) + ("," if len(expected) == 1 else "") + ")"
        fitting = _api_that_takes(self.plan.api, shape) if name == self._first_tensor else ""
        hint = f"; tensors of this shape are what {fitting} takes" if fitting else ""
        raise ArgumentError(
            f"{self.plan.name}: {name} has shape {tuple(shape)}; expected {wanted}{hint}"
        )


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
    plainest = min(fitting, key=lambda other: len(other.params), default=None)
    return f"opsbridge.{plainest.name}" if plainest else ""


def _takes(api: ApiTable, shape: tuple[int, ...]) -> bool:
    first = next(param for param in api.params if "tensor" in param.types)
    return fits_shape(shape, first.shape)


def _bound(
    operator: _Operator, signature: inspect.Signature, args: tuple[Any, ...], kwargs: Any
) -> tuple[Any, ...]:
    """The arguments in order, defaults filled in."""
    if not kwargs and len(args) == len(signature.parameters) and not operator.plan.has_extensions:
        return args
    try:
        bound = signature.bind(*args, **operator.plan.renamed(kwargs))
    except TypeError as error:
        raise DtypeError(f"{operator.plan.name}: {error}; expected {signature}") from None
    bound.apply_defaults()
    return tuple(bound.arguments.values())


def _document(target: Any, operator: _Operator, module: str) -> None:
    table = operator.plan.api
    target.__name__ = target.__qualname__ = operator.plan.name
    target.__module__ = module
    target.__doc__ = describe(table)


def describe(table: ApiTable) -> str:
    """The docstring of an API, from its table."""
    lines = [table.text.en, ""]
    for param in table.params:
        kinds = " or ".join(param.types).replace("_", " ") + (" or None" if param.optional else "")
        shape = f" of shape ({', '.join(map(str, param.shape))})" if param.shape else ""
        dtypes = f", {' or '.join(param.dtypes)}" if param.dtypes else ""
        default = "" if param.required else f"; default {param.default!r}"
        name = f'{param.inside}["{param.name}"]' if param.inside else param.name
        lines.append(f"{name}: {kinds}{shape}{dtypes}{default}{_remark(param)}")
    lines += ["", "Returns " + ", ".join(f"{r.name} ({r.dtype})" for r in table.returns) + "."]
    lines += ["Raises ArgumentError, DtypeError or DeviceError before anything is computed."]
    for deviation in table.deviations:
        lines.append(f"Differs from the real one on purpose: {deviation.ours.en}")
    return "\n".join([*lines, "", f"Source: {table.source}", "", table.example.strip(), ""])


def _remark(param: Param) -> str:
    remarks = ["not in the real API"] if param.extension else []
    remarks += [f"{alias} is an older name" for alias in param.aliases]
    return f" ({'; '.join(remarks)})" if remarks else ""


def make_api(table: ApiTable, module: str) -> Any:
    """The callable of an API table: a function, or a class that is configured and then called."""
    operator = _Operator(table)
    return (_make_function if table.form == "function" else _make_class)(operator, module)


def api(identifier: str, module: str) -> Any:
    """The callable of a shipped table, as a member of `module`."""
    return make_api(load_api(identifier), module)


def _make_function(operator: _Operator, module: str) -> Any:
    signature = operator.call_signature

    def function(*args: Any, **kwargs: Any) -> Any:
        return operator.run({}, (), _bound(operator, signature, args, kwargs))

    function.__signature__ = signature  # type: ignore[attr-defined]
    _document(function, operator, module)
    return function


def _make_class(operator: _Operator, module: str) -> Any:
    names = tuple(step.param.name for step in operator.plan.init)

    class Configured:
        __signature__ = operator.init_signature

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            values = _bound(operator, operator.init_signature, args, kwargs)
            self._slots, self._chosen = operator.configure(values)
            for name, value in zip(names, values, strict=True):
                setattr(self, name, value)

        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            values = _bound(operator, operator.call_signature, args, kwargs)
            return operator.run(self._slots, self._chosen, values)

        def __repr__(self) -> str:
            shown = ", ".join(f"{name}={getattr(self, name)}" for name in names)
            return f"{operator.plan.name}({shown})"

    _document(Configured, operator, module)
    functools.update_wrapper(Configured.__call__, Configured, assigned=("__doc__",), updated=())
    return Configured
