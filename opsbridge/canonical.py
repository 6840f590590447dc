"""A core operator as a function on any framework's tensors, its conventions as keywords."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import fields
from typing import Any

from opsbridge.core.checks import Caller
from opsbridge.core.operator import Operator
from opsbridge.errors import ArgumentError, DtypeError
from opsbridge.frameworks import FrameworkLayer, layer_of
from opsbridge.tables.bind import split_parts
from opsbridge.tables.load import load_core
from opsbridge.tables.schema import CoreTable

# Arguments with which a core function serves front-ends; callers of the operator have no use.
_INTERNAL = {"layer", "rule", "outputs", "caller", "boxes_column", "scores_column"}
# What a slot is when it is not given, where every framework that has a default agrees on it.
_DEFAULTS = {"sigma": 0.5, "min_score": 0.001, "spatial_scale": 1.0, "sampling_ratio": -1}
_HALF = ("float16", "bfloat16")
_INTEGERS = ("uint8", "int8", "int16", "int32", "int64")


def canonical(
    operator: Operator, module: str, *, name: str = "", parts: tuple[str, str] | None = None
) -> Callable[..., Any]:
    """The function of an operator, as a member of `module`.

    With `parts`, it returns the first of these outputs as a list: the parts that end where the
    second says.
    """
    name = name or operator.name
    default = [each for each, _ in inspect.signature(operator.run).parameters["outputs"].default]
    signature = _signature(operator, None if parts else tuple(default))
    caller = Caller(name)
    axes = operator.rule.axes
    # Read here, since tracing cannot follow the reading of a table.
    core = load_core(operator.name)
    known = tuple(output.name for output in core.outputs)
    slots = tuple(slot.name for slot in core.slots if slot.kind == "tensor")

    def function(*args: Any, **kwargs: Any) -> Any:
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError as error:
            raise DtypeError(f"{name}: {error}; expected {signature}") from None
        bound.apply_defaults()
        given = bound.arguments
        chosen = {axis: given.pop(axis) for axis in axes}
        wanted = parts or _output_names(name, known, given.pop("outputs"))
        layer = _layer(name, operator.main, {slot: given[slot] for slot in slots})
        _widen(name, layer, given)
        if "accumulate" in chosen and chosen["accumulate"] is None:
            is_half = layer.dtype(given[operator.main]) in _HALF
            chosen["accumulate"] = "float32" if is_half else "same"
        outputs = tuple((each, operator.output_dtypes.get(each, "same")) for each in wanted)
        rule = operator.rule(**chosen)
        results = layer.run(operator.name, **given, rule=rule, outputs=outputs, caller=caller)
        if parts:
            return split_parts(*results)
        return results if len(results) > 1 else results[0]

    function.__signature__ = signature  # type: ignore[attr-defined]
    function.__name__ = function.__qualname__ = name
    function.__module__ = module
    function.__doc__ = _describe(operator, core)
    return function


def _signature(operator: Operator, outputs: tuple[str, ...] | None) -> inspect.Signature:
    """Slots by position or, where they are optional, by keyword; axes by keyword."""
    parameters = [
        parameter.replace(
            annotation=inspect.Parameter.empty,
            default=_DEFAULTS.get(parameter.name, parameter.default),
        )
        for parameter in inspect.signature(operator.run).parameters.values()
        if parameter.name not in _INTERNAL
    ]
    settings: dict[str, Any] = {
        each.name: None if each.name == "accumulate" else each.default
        for each in fields(operator.rule)
        if each.name in operator.rule.axes
    }
    if outputs is not None:
        settings["outputs"] = outputs
    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters += [inspect.Parameter(key, keyword, default=settings[key]) for key in settings]
    return inspect.Signature(parameters)


def _output_names(name: str, known: tuple[str, ...], outputs: Any) -> tuple[str, ...]:
    names = (outputs,) if isinstance(outputs, str) else tuple(outputs)
    for each in names:
        if each not in known:
            raise ArgumentError(f"{name}: outputs has {each!r}; allowed: {', '.join(known)}")
    if not names:
        raise ArgumentError(f"{name}: outputs is empty; allowed: {', '.join(known)}")
    return names


def _layer(name: str, main: str, tensors: dict[str, Any]) -> FrameworkLayer:
    """The framework that all tensors of a call come from."""
    layers = {}
    for slot, value in tensors.items():
        if value is None:
            continue
        layer = layer_of(value)
        if layer is None:
            raise DtypeError(
                f"{name}: {slot} is {value!r} ({type(value).__name__}); expected a tensor "
                "(torch.Tensor, numpy.ndarray or mindspore.Tensor)"
            )
        layers[slot] = layer
    first = layers[main]
    for slot, layer in layers.items():
        if layer is not first:
            raise DtypeError(
                f"{name}: {slot} is not of the framework of {main}; "
                "all tensors of a call must come from one framework"
            )
    return first


def _widen(name: str, layer: FrameworkLayer, given: dict[str, Any]) -> None:
    """Integer boxes, and their scores with them, as float64; ids of groups as wide ids."""
    if "boxes" in given and layer.dtype(given["boxes"]) in _INTEGERS:
        boxes = given["boxes"]
        given["boxes"] = layer.cast(boxes, "float64")
        if layer.dtype(boxes) == "int64":
            _check_exact(name, layer, boxes, given["boxes"])
        given["scores"] = layer.cast(given["scores"], "float64")
    if given.get("groups") is not None:
        is_integer = layer.dtype(given["groups"]) in (*_INTEGERS, "bool")
        given["groups"] = layer.cast(given["groups"], "int64" if is_integer else "float64")


def _check_exact(name: str, layer: FrameworkLayer, integers: Any, floats: Any) -> None:
    differs = (layer.cast(floats, "int64") != integers).reshape(-1).tolist()
    if any(differs):
        row, column = divmod(differs.index(True), 4)
        raise ArgumentError(
            f"{name}: boxes[{row}][{column}] is {int(integers[row, column])}; integers must be "
            "exact in float64"
        )


def _describe(operator: Operator, core: CoreTable) -> str:
    lines = [core.text.en, "", "Slots:"]
    lines += [f"    {slot.name}: {slot.text.en}" for slot in core.slots]
    lines += ["", "Axes (the default comes from the signature):"]
    for axis in core.axes:
        lines.append(f"    {axis.name}: {axis.text.en}")
        lines += [f"        {each.value!r}: {each.text.en}" for each in axis.values]
    lines += ["", "Outputs:"]
    lines += [f"    {output.name}: {output.text.en}" for output in core.outputs]
    if "accumulate" in operator.rule.axes:
        lines += ["", "Without `accumulate`, 16-bit tensors are computed in float32."]
    lines += ["", "Raises ArgumentError, DtypeError or DeviceError before anything is computed."]
    return "\n".join(lines)
