"""What an API table must say beyond its types: one function per rule, each yielding findings.

These rules are cheap and are checked at every load. They need the table and its core table, no
other file and no framework; :mod:`opsbridge.tables.lint` has the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from opsbridge.tables.decode import show
from opsbridge.tables.finding import (
    Finding,
    check_setting,
    duplicates,
    equal_scalars,
    names_are_words,
)
from opsbridge.tables.forms import form_of
from opsbridge.tables.schema import ApiTable, CoreTable, Param

_DEFAULT_TYPES: dict[str, tuple[type, ...]] = {
    "float": (float,),
    "number": (float, int),
    "int": (int,),
    "integer": (int,),
    "bool": (bool,),
    "int_pair": (int,),
    "number_pair": (float, int),
    "float_tuple": (tuple,),
    "string": (str,),
}
_FILLS = {
    **dict.fromkeys(("same", "number", "integer", "plain_number", "floats", "rois"), 1),
    **dict.fromkeys(("float32_number", "above_number", "count"), 1),
    **dict.fromkeys(("positive_number", "positive_integer", "ids", "element_limit"), 1),
    **dict.fromkeys(("pair", "number_pair"), 2),
    **dict.fromkeys(("choice", "result", "ignored"), 0),
}

_GROUPS = "groups"


def filled_slots(api: ApiTable) -> list[str]:
    """The slots that an API fills, in order of its parameters, then of its constants."""
    slots = [slot for param in api.params for slot in param.fills]
    return slots + list(dict.fromkeys(constant.slot for constant in api.constants))


def check_api(api: ApiTable, core: CoreTable, folder: str, stem: str) -> list[Finding]:
    """All structural findings of an API table that lies at ``folder/stem.toml``."""
    findings = list(place_agrees(api, folder, stem))
    for rule in API_RULES:
        findings.extend(rule(api, core))
    return findings


def place_agrees(api: ApiTable, folder: str, stem: str) -> Iterator[Finding]:
    """The path of a table is its identifier: framework folder, last part of the dotted name."""
    if api.framework != folder:
        yield Finding("framework", f"is {api.framework}; the table lies in {folder}")
    if api.name.split(".")[-1] != stem:
        yield Finding("name", f"is {api.name}; its last part must be the file name {stem}")


def names_are_python(api: ApiTable, core: CoreTable) -> Iterator[Finding]:
    """Every name is one in Python: calls and signatures are made of them."""
    del core
    dotted = [part for name in (api.name, api.real, api.schema) for part in name.split(".") if name]
    yield from names_are_words("name", dotted)
    for index, param in enumerate(api.params):
        inside = [param.inside] if param.inside else []
        held_in = param.held_in.split(".") if param.held_in else []
        names = [param.name, *param.aliases, *inside, *held_in]
        yield from names_are_words(f"params[{index}]", names)
    yield from names_are_words("returns", [value.name for value in api.returns])
    yield from names_are_words("real_arguments", api.real_arguments)


def unique_params(api: ApiTable, core: CoreTable) -> Iterator[Finding]:
    """Parameter and return names are unique."""
    del core
    yield from duplicates("params", [param.name for param in api.params])
    yield from duplicates("returns", [value.name for value in api.returns])


def fills_name_slots(api: ApiTable, core: CoreTable) -> Iterator[Finding]:
    """``fills`` names slots of the core, each filled by one parameter only."""
    slots = [slot.name for slot in core.slots]
    for index, param in enumerate(api.params):
        for slot in param.fills:
            if slot not in slots:
                allowed = ", ".join(slots)
                yield Finding(f"params[{index}].fills", f"has {slot}; slots: {allowed}")
    for index, constant in enumerate(api.constants):
        if constant.slot not in slots:
            allowed = ", ".join(slots)
            yield Finding(f"constants[{index}].slot", f"is {constant.slot}; slots: {allowed}")
    yield from duplicates("params", filled_slots(api), "slot")


def required_slots_filled(api: ApiTable, core: CoreTable) -> Iterator[Finding]:
    """Every slot that is not optional is filled."""
    filled = filled_slots(api)
    for slot in core.slots:
        if not slot.optional and slot.name not in filled:
            yield Finding("params", f"do not fill the required slot {slot.name}")


def required_or_default(api: ApiTable, core: CoreTable) -> Iterator[Finding]:
    """A parameter is required, optional or has a default: one of the three."""
    del core
    for index, param in enumerate(api.params):
        if param.required and param.default is not None:
            yield Finding(f"params[{index}]", "is required and has a default; one of the two")
        if param.optional and (param.required or param.default is not None):
            yield Finding(f"params[{index}]", "is optional: can't be required or have a default")
        if not (param.required or param.optional) and param.default is None:
            yield Finding(f"params[{index}]", "needs required = true or a default")


def default_has_type(api: ApiTable, core: CoreTable) -> Iterator[Finding]:
    """A default is of a type that the parameter takes."""
    del core
    for index, param in enumerate(api.params):
        allowed = {kind for name in param.types for kind in _DEFAULT_TYPES.get(name, ())}
        if param.default is not None and type(param.default) not in allowed:
            types = ", ".join(param.types)
            yield Finding(
                f"params[{index}].default", f"is {show(param.default)}; the types are: {types}"
            )


def choices_belong_to_choice(api: ApiTable, core: CoreTable) -> Iterator[Finding]:
    """The converter ``choice`` comes with choices, its default is one of them; others have none."""
    del core
    for index, param in enumerate(api.params):
        if (param.converter == "choice") != bool(param.choices):
            verb = "needs" if param.converter == "choice" else "can't have"
            yield Finding(f"params[{index}].choices", f"converter {param.converter} {verb} choices")
        values = [choice.value for choice in param.choices]
        known = param.required or any(equal_scalars(param.default, v) for v in values)
        if values and not known:
            message = f"is {show(param.default)}; choices: {', '.join(map(show, values))}"
            yield Finding(f"params[{index}].default", message)
        if len({tuple(sorted(choice.set)) for choice in param.choices}) > 1:
            yield Finding(f"params[{index}].choices", "must all set the same axes")


def converter_fits_slots(api: ApiTable, core: CoreTable) -> Iterator[Finding]:
    """Every converter fills as many slots as it has results."""
    del core
    for index, param in enumerate(api.params):
        expected = _FILLS.get(param.converter, len(param.columns))
        if len(param.fills) != expected:
            yield Finding(
                f"params[{index}].fills",
                f"has {len(param.fills)} slots; converter {param.converter} fills {expected}",
            )


def ids_fill_groups(api: ApiTable, core: CoreTable) -> Iterator[Finding]:
    """Ids are widened so that equal ones stay equal: no other slot may have its values changed."""
    del core
    for index, param in enumerate(api.params):
        for slot in param.fills:
            if param.converter == "ids" and slot != _GROUPS:
                message = f"has {slot}; converter ids fills {_GROUPS}"
                yield Finding(f"params[{index}].fills", message)


def columns_fit_shape(api: ApiTable, core: CoreTable) -> Iterator[Finding]:
    """Column ranges belong to the converter ``columns`` and fit the last dimension."""
    del core
    for index, param in enumerate(api.params):
        key = f"params[{index}].columns"
        if param.converter != "columns":
            if param.columns:
                yield Finding(key, f"converter {param.converter} can't have columns")
        elif message := _columns_message(param):
            yield Finding(key, message)


def _columns_message(param: Param) -> str:
    width = param.shape[-1] if param.shape else None
    if not isinstance(width, int):
        return "need a shape whose last dimension is a number"
    if not param.columns or any(not 0 <= start < end <= width for start, end in param.columns):
        return f"must be ranges start < end within [0, {width}]"
    return ""


def forms_fit_shape(api: ApiTable, core: CoreTable) -> Iterator[Finding]:
    """Numbers and places for columns are as many as there are; named lengths are those of axes."""
    axes = {axis for param in api.params for axis in map(str, param.shape)}
    for index, param in enumerate(api.params):
        width = param.shape[-1] if param.shape else None
        for key, listed in (("times", param.times), ("plus", param.plus), ("order", param.order)):
            if isinstance(listed, tuple) and listed and len(listed) != width:
                yield Finding(
                    f"params[{index}].{key}", f"has {len(listed)} values; shape ends in {width}"
                )
        if param.order and sorted(param.order) != list(range(len(param.order))):
            yield Finding(f"params[{index}].order", "must name each column once, from 0 on")
        for name in form_of(param, core).sizes:
            if name not in axes:
                known = ", ".join(sorted(axes))
                yield Finding(f"params[{index}].times", f"has {name}; axes of shapes: {known}")
        if isinstance(param.plus, tuple) and any(isinstance(each, str) for each in param.plus):
            yield Finding(f"params[{index}].plus", "must be numbers")
        if param.layout != "xyxy" and not (isinstance(width, int) and width >= 4):
            yield Finding(f"params[{index}].layout", f"needs four columns; shape ends in {width}")


def stage_fits_form(api: ApiTable, core: CoreTable) -> Iterator[Finding]:
    """A function has no constructor arguments."""
    del core
    for index, param in enumerate(api.params):
        if api.form == "function" and param.stage == "init":
            yield Finding(f"params[{index}].stage", "is init; a function has only call")


def returns_name_outputs(api: ApiTable, core: CoreTable) -> Iterator[Finding]:
    """An API returns something, and only outputs of the core."""
    outputs = [output.name for output in core.outputs]
    if not api.returns:
        yield Finding("returns", "are missing; an API returns at least one output")
    for index, value in enumerate(api.returns):
        for key, output in (("output", value.output), ("ends", value.ends)):
            if output not in outputs and (output or key == "output"):
                allowed = ", ".join(outputs)
                yield Finding(f"returns[{index}].{key}", f"is {output}; outputs: {allowed}")


def returns_name_params(api: ApiTable, core: CoreTable) -> Iterator[Finding]:
    """What shapes a result is a parameter that no slot needs alone, or an axis gone through."""
    shapes = {output.name: output.shape for output in core.outputs}
    names = [param.name for param in api.params]
    for index, value in enumerate(api.returns):
        for key in ("at_most", "padded_to", "padded_if", "bounded_if", "clipped_if", "among"):
            name = getattr(value, key)
            if name and name not in names:
                yield Finding(
                    f"returns[{index}].{key}", f"is {name}; parameters: {', '.join(names)}"
                )
        tensors = [param.name for param in api.params if "tensor" in param.types]
        if value.rows_of and value.rows_of not in tensors:
            yield Finding(
                f"returns[{index}].rows_of", f"is {value.rows_of}; tensors: {', '.join(tensors)}"
            )
        shape = shapes.get(value.output, ())
        if value.shape and sorted(map(str, shape)) != sorted(value.shape):
            yield Finding(
                f"returns[{index}].shape", f"must have the axes {', '.join(map(str, shape))}"
            )
        if value.fill and not value.padded_to:
            yield Finding(f"returns[{index}].fill", "needs padded_to")
        if value.axis and value.axis not in api.each:
            yield Finding(f"returns[{index}].axis", f"is {value.axis}; each: {', '.join(api.each)}")


def each_names_sizes(api: ApiTable, core: CoreTable) -> Iterator[Finding]:
    """The axes that an API goes through are in the shape of a tensor; merged ones are such axes."""
    del core
    sizes = {size for param in api.params for size in param.shape}
    for axis in api.each:
        if axis not in sizes:
            yield Finding("each", f"has {axis}, which is in no shape")
    for axis in api.merged:
        if axis not in api.each:
            yield Finding("merged", f"has {axis}; each: {', '.join(api.each)}")


def axes_exist(api: ApiTable, core: CoreTable) -> Iterator[Finding]:
    """Behaviour, choices and deviations name axes of the core and allowed values only."""
    for index, block in enumerate(api.behaviour):
        yield from check_setting(core, block.set, f"behaviour[{index}].set")
    for index, param in enumerate(api.params):
        for number, choice in enumerate(param.choices):
            yield from check_setting(core, choice.set, f"params[{index}].choices[{number}].set")
    axes = [axis.name for axis in core.axes]
    for index, deviation in enumerate(api.deviations):
        for name in deviation.axes:
            if name not in axes:
                allowed = ", ".join(axes)
                yield Finding(f"deviations[{index}].axes", f"has {name}; axes: {allowed}")


def axes_decided(api: ApiTable, core: CoreTable) -> Iterator[Finding]:
    """Every axis that matters to the API gets its value once: from behaviour or from a choice."""
    general = {
        name: value
        for block in api.behaviour
        if block.device is None and not block.dtypes
        for name, value in block.set.items()
    }
    chosen = [(name, c.set[name]) for p in api.params for c in p.choices for name in c.set]
    chosen_names = {name for name, _ in chosen}
    filled = filled_slots(api)
    for axis in core.axes:
        possible = [*general.items(), *chosen]
        needed = (not axis.only_with_slot or axis.only_with_slot in filled) and all(
            (name, value) in possible for name, value in axis.only_when.items()
        )
        if needed and axis.name not in general and axis.name not in chosen_names:
            yield Finding("behaviour", f"gives no value for the axis {axis.name}")
        if axis.name in general and axis.name in chosen_names:
            yield Finding("behaviour", f"sets {axis.name}, which is set by a choice")


def limits_name_slots(api: ApiTable, core: CoreTable) -> Iterator[Finding]:
    """A limit bounds a slot of the core."""
    slots = [slot.name for slot in core.slots]
    for index, limit in enumerate(api.limits):
        if limit.slot not in slots:
            yield Finding(f"limits[{index}].slot", f"is {limit.slot}; slots: {', '.join(slots)}")


API_RULES: tuple[Callable[[ApiTable, CoreTable], Iterator[Finding]], ...] = (
    names_are_python,
    unique_params,
    fills_name_slots,
    required_slots_filled,
    required_or_default,
    default_has_type,
    choices_belong_to_choice,
    converter_fits_slots,
    ids_fill_groups,
    columns_fit_shape,
    forms_fit_shape,
    stage_fits_form,
    returns_name_outputs,
    returns_name_params,
    each_names_sizes,
    axes_exist,
    axes_decided,
    limits_name_slots,
)
