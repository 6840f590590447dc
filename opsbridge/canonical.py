"""A core operator as a function on any framework's tensors, its conventions as keywords."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import fields
from typing import Any

from opsbridge.canonical_direct import Roads
from opsbridge.core.checks import Caller, row_index
from opsbridge.core.operator import Operator
from opsbridge.errors import ArgumentError, DtypeError
from opsbridge.frameworks import FrameworkLayer, layer_of
from opsbridge.frameworks.destinations import Destinations, refuse_recording
from opsbridge.tables.bind import split_parts
from opsbridge.tables.convert import VALUE_TYPES, as_number, expected_types, spelled
from opsbridge.tables.load import load_core
from opsbridge.tables.schema import CoreTable

# Arguments with which a core function serves front-ends; callers of the operator have no use.
_INTERNAL = {"layer", "rule", "outputs", "caller", "boxes_column", "scores_column"}
# What a slot is when it is not given, where every framework that has a default agrees on it.
_DEFAULTS: dict[str, Any] = {
    "epsilon": 1e-7,
    "extrapolation_value": 0.0,
    "min_score": 0.001,
    "ratio_clip": 0.016,
    "sampling_ratio": -1,
    "sigma": 0.5,
    "spatial_scale": 1.0,
}
_HALF = ("float16", "bfloat16")
_INTEGERS = ("uint8", "int8", "int16", "int32", "int64")
# Tensors of one dtype that kernels take as floats only.
_FLOATING_PAIRS = (("boxes", "scores"), ("anchors", "targets"), ("anchors", "offsets"))
# How values are given for the kinds of slots that hold no tensor.
_VALUE_TYPES = {"float": "number", "number": "number", "int": "integer"}


def canonical(
    operator: Operator,
    module: str,
    *,
    name: str = "",
    parts: tuple[str, str] | None = None,
    fixed: tuple[str, ...] | None = None,
    text: str = "",
) -> Callable[..., Any]:
    """The function of an operator, as a member of `module`.

    With `parts`, it returns the first of these outputs as a list: the parts that end where the
    second says; with `fixed`, it returns these outputs. `text` says what it then does, by example.
    """
    name = name or operator.name
    default = dict(inspect.signature(operator.run).parameters["outputs"].default)
    dtypes = dict(operator.output_dtypes) | default
    chosen_outputs = parts or fixed
    signature = _signature(operator, None if chosen_outputs else tuple(default))
    caller = Caller(name)
    axes = operator.rule.axes
    # Read here, since tracing cannot follow the reading of a table.
    core = load_core(operator.name)
    known = tuple(output.name for output in core.outputs)
    slots = tuple(slot.name for slot in core.slots if slot.kind == "tensor")
    kinds = {slot.name: slot.kind for slot in core.slots if slot.kind != "tensor"}
    optional = {slot.name for slot in core.slots if slot.optional}
    roads = Roads(operator, core, caller, tuple(signature.parameters))

    def function(*args: Any, **kwargs: Any) -> Any:
        result = roads(args, kwargs)
        if result is not None:
            return result
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError as error:
            raise DtypeError(f"{name}: {error}; expected {signature}") from None
        bound.apply_defaults()
        given = bound.arguments
        chosen = {axis: given.pop(axis) for axis in axes}
        wanted = chosen_outputs or _output_names(name, known, given.pop("outputs"))
        out = given.pop("out")
        left_out = {slot for slot in optional if given[slot] is None}
        tensors = {slot: given[slot] for slot in slots if slot not in left_out}
        layer = _layer(name, operator.main, tensors)
        for slot, kind in kinds.items():
            if slot not in left_out:
                given[slot] = _value(name, slot, kind, given[slot])
        _widen(name, layer, given)

        def rule_of(dtype: str) -> Any:
            if "accumulate" in chosen and chosen["accumulate"] is None:
                return operator.rule(
                    **{**chosen, "accumulate": "float32" if dtype in _HALF else "same"}
                )
            return operator.rule(**chosen)

        given["rule"] = rule_of(layer.dtype(given[operator.main]))
        given["outputs"] = tuple((each, dtypes.get(each, "same")) for each in wanted)
        given["caller"] = caller
        if out is None:
            results = layer.run(operator.name, **given)
            if not parts and not layer.is_recording():
                roads.learn(args, kwargs, layer, rule_of, given["outputs"])
        else:
            refuse_recording(caller, layer, list(tensors.values()))
            destinations = _destinations(name, layer, wanted, out)
            results = operator.run(Destinations(layer, caller, destinations, tensors), **given)
        if parts:
            return split_parts(*results)
        return results if len(results) > 1 else results[0]

    function.__signature__ = signature  # type: ignore[attr-defined]
    function.__name__ = function.__qualname__ = name
    function.__module__ = module
    function.__doc__ = _describe(operator, core, name, text)
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
    parameters.sort(key=lambda parameter: parameter.default is not parameter.empty)
    settings: dict[str, Any] = {
        each.name: None if each.name == "accumulate" else each.default
        for each in fields(operator.rule)
        if each.name in operator.rule.axes
    }
    if outputs is not None:
        settings["outputs"] = outputs
    settings["out"] = None
    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters += [inspect.Parameter(key, keyword, default=settings[key]) for key in settings]
    return inspect.Signature(parameters)


def _output_names(name: str, known: tuple[str, ...], outputs: Any) -> tuple[str, ...]:
    names = (outputs,) if isinstance(outputs, str) else tuple(outputs)
    for place, each in enumerate(names):
        if each not in known:
            raise ArgumentError(f"{name}: outputs has {each!r}; allowed: {', '.join(known)}")
        if each in names[:place]:
            raise ArgumentError(f"{name}: outputs has {each!r} twice; each output comes once")
    if not names:
        raise ArgumentError(f"{name}: outputs is empty; allowed: {', '.join(known)}")
    return names


def _layer(name: str, main: str, tensors: dict[str, Any]) -> FrameworkLayer:
    """The framework that all tensors of a call come from."""
    layers = {}
    for slot, value in tensors.items():
        layer = layer_of(value)
        if layer is None:
            raise DtypeError(f"{name}: {slot} is {spelled(value)}; {expected_types(['tensor'])}")
        layers[slot] = layer
    first = layers[main]
    for slot, layer in layers.items():
        if layer is not first:
            raise DtypeError(
                f"{name}: {slot} is not of the framework of {main}; "
                "all tensors of a call must come from one framework"
            )
    return first


def _value(name: str, slot: str, kind: str, value: Any) -> Any:
    """What was given for a slot that holds no tensor, as the core takes it."""
    if kind == "floats":
        if not isinstance(value, (list, tuple)):
            raise DtypeError(f"{name}: {slot} is {spelled(value)}; expected a tuple of numbers")
        return tuple(
            _value(name, f"{slot}[{place}]", "float", each) for place, each in enumerate(value)
        )
    wanted = _VALUE_TYPES[kind]
    if not VALUE_TYPES[wanted](value) or isinstance(value, bool):
        raise DtypeError(f"{name}: {slot} is {spelled(value)}; {expected_types([wanted])}")
    try:
        return float(as_number(value)) if kind == "float" else as_number(value)
    except OverflowError:
        raise ArgumentError(f"{name}: {slot} is {spelled(value)}; it must fit in a float") from None


def _destinations(
    name: str, layer: FrameworkLayer, outputs: tuple[str, ...], out: Any
) -> dict[str, Any]:
    """The tensors that were given for the outputs, by the names of these."""
    given = tuple(out) if isinstance(out, (list, tuple)) else (out,)
    if len(given) != len(outputs):
        raise ArgumentError(
            f"{name}: out holds {len(given)} tensors; expected {len(outputs)}, "
            f"for {', '.join(outputs)}"
        )
    for place, tensor in enumerate(given):
        if layer_of(tensor) is not layer:
            where = f"out[{place}]" if len(given) > 1 else "out"
            raise DtypeError(
                f"{name}: {where} is {spelled(tensor)}; expected a tensor of the framework of the "
                "inputs"
            )
    return dict(zip(outputs, given, strict=True))


def _widen(name: str, layer: FrameworkLayer, given: dict[str, Any]) -> None:
    """Integer coordinates as floats, where kernels take only these; ids of groups as wide ids."""
    if "rois" in given and layer.dtype(given["rois"]) in _INTEGERS:
        # Regions are of the dtype of the features, which stays that of the result.
        given["rois"] = _exact(name, layer, "rois", given["rois"], layer.dtype(given["features"]))
    for pair in _FLOATING_PAIRS:
        if all(slot in given for slot in pair) and any(
            slot != "scores" and layer.dtype(given[slot]) in _INTEGERS for slot in pair
        ):
            given.update({slot: _exact(name, layer, slot, given[slot], "float64") for slot in pair})
    if given.get("groups") is not None:
        is_integer = layer.dtype(given["groups"]) in (*_INTEGERS, "bool")
        given["groups"] = layer.cast(given["groups"], "int64" if is_integer else "float64")


def _exact(name: str, layer: FrameworkLayer, slot: str, integers: Any, dtype: str) -> Any:
    """A tensor in a floating dtype that holds each of its integers."""
    floats = layer.cast(integers, dtype)
    # The other integers are exact in float64, and floats were rounded before they came.
    if layer.dtype(integers) == "int64" or dtype != "float64":
        differs = layer.cast(floats, "int64") != layer.cast(integers, "int64")
        if True in (flat := differs.reshape(-1).tolist()):
            index = row_index((*layer.shape(integers), 1), flat.index(True))
            place = "".join(f"[{each}]" for each in index)
            raise ArgumentError(
                f"{name}: {slot}{place} is {int(integers[index])}; "
                f"integers must be exact in {dtype}"
            )
    return floats


def _describe(operator: Operator, core: CoreTable, name: str, text: str) -> str:
    first, *body = inspect.getdoc(operator.run).split("\n")  # type: ignore[union-attr]
    own, _, example = inspect.cleandoc(text).partition("\n\n>>>")
    lines = [own or core.text.en, "", first, *body, "", "Slots:"]
    lines += [f"    {slot.name}: {slot.text.en}" for slot in core.slots]
    lines += ["", "Axes (the default comes from the signature):"]
    for axis in core.axes:
        lines.append(f"    {axis.name}: {axis.text.en}")
        lines += [f"        {each.value!r}: {each.text.en}" for each in axis.values]
    lines += ["", "Outputs:"]
    lines += [f"    {output.name}: {output.text.en}" for output in core.outputs]
    lines += [
        "",
        "`outputs` names what is returned. `out` is a contiguous tensor to hold it (a tuple of",
        "tensors for several outputs), of the shape and dtype of the result. Where the length",
        "depends on data, `out` is as long as it can get, and the filled rows are returned.",
    ]
    if "accumulate" in operator.rule.axes:
        lines += ["Without `accumulate`, 16-bit tensors are computed in float32."]
    lines += ["", "Raises ArgumentError, DtypeError or DeviceError before anything is computed."]
    if name == operator.name:
        lines += ["", core.example.strip()]
    elif example:
        lines += ["", f">>>{example}"]
    return "\n".join(lines) + "\n"
