"""Rules for the tables of general names: texts, and what the installed MindSpore says of itself."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from opsbridge.tables.decode import show
from opsbridge.tables.finding import Finding
from opsbridge.tables.port_schema import PortEntry, PortForm, PortParam, PortTable
from opsbridge.tables.schema import Stage
from opsbridge.tables.signatures import check_importable, resolve

_Kind = inspect.Parameter
_MISSING = object()
# What is made from a class is told by its bases.
_FORMS_OF_BASES: dict[str, PortForm] = {"Cell": "layer", "Primitive": "primitive"}


def lint_port_table(table: PortTable) -> Iterator[Finding]:
    """The findings about one table."""
    for entry in table.entries:
        yield from texts_present(entry)
        yield from equality_fits(entry)
        target = _installed(entry.name)
        if target is not _MISSING:
            yield from form_agrees(entry, target)
            for stage, real in _real_parameters(target).items():
                yield from parameters_agree(entry, stage, real)


def texts_present(entry: PortEntry) -> Iterator[Finding]:
    """Every difference is told in both languages."""
    for difference in entry.differences:
        if not (difference.code and difference.en.strip() and difference.zh.strip()):
            yield Finding(entry.name, "has a difference without code or text")


def equality_fits(entry: PortEntry) -> Iterator[Finding]:
    """Where PyTorch has nothing, and what opsbridge has is no layer, there is nothing to equal."""
    if entry.is_whole and not entry.torch and entry.form != "layer" and entry.equality != "by_hand":
        yield Finding(entry.name, f"is {entry.equality}, but equals no call of PyTorch: by_hand")


def form_agrees(entry: PortEntry, target: Any) -> Iterator[Finding]:
    """The form is one that an object of this kind may have."""
    allowed = _forms(entry, target)
    if entry.form not in allowed:
        yield Finding(entry.name, f"has the form {entry.form}; MindSpore: {' or '.join(allowed)}")


def parameters_agree(
    entry: PortEntry, stage: Stage, real: list[inspect.Parameter]
) -> Iterator[Finding]:
    """What goes by position has the place that it has in MindSpore, and what has a default that.

    A table may leave out the last ones; behind what it leaves out, all it has goes by name.
    """
    params = [param for param in entry.params if param.stage == stage]
    by_name = {each.name: each for each in real}
    takes_any = any(each.kind is _Kind.VAR_POSITIONAL for each in real)
    for place, param in enumerate(params):
        if param.variadic:
            if not takes_any:
                yield Finding(entry.name, f"has {param.name} as any number; MindSpore: one")
            break
        found = next((by_name[name] for name in _names(param) if name in by_name), None)
        if found is not None:
            yield from _default_agrees(entry, param, found)
            if found.kind is _Kind.VAR_POSITIONAL:
                yield Finding(entry.name, f"has {param.name} as one; MindSpore: any number")
        if not (takes_any or _is_at(param, place, real)):
            yield Finding(
                entry.name, f"has {param.name} at place {place}; MindSpore: {_shown(real)}"
            )


def _installed(name: str) -> Any:
    """What the installed MindSpore has by a name; nothing where it lacks it."""
    try:
        check_importable(name)
        return resolve(name)
    except Exception:  # not of a framework, not installed, broken in its own way, or gone by now
        return _MISSING


def _forms(entry: PortEntry, target: Any) -> tuple[PortForm, ...]:
    if inspect.isclass(target):
        made: list[PortForm] = [
            _FORMS_OF_BASES[base.__name__]
            for base in target.__mro__
            if base.__name__ in _FORMS_OF_BASES
        ]
        return (*made[:1], "class") if made else ("class", "value", "decorator", "primitive")
    owner = _installed(entry.module)
    if inspect.isclass(owner):
        is_property = isinstance(inspect.getattr_static(owner, entry.last), property)
        return ("property",) if is_property else ("method",)
    return ("function", "decorator") if callable(target) else ("value",)


def _real_parameters(target: Any) -> dict[Stage, list[inspect.Parameter]]:
    """The parameters of a call, and of what makes a class; of what has a signature."""
    stages: dict[Stage, Any] = {"call": target}
    if inspect.isclass(target):
        stages = {"init": target, "call": getattr(target, "construct", target.__call__)}
    found: dict[Stage, list[inspect.Parameter]] = {}
    for stage, owner in stages.items():
        try:
            parameters = list(inspect.signature(owner).parameters.values())
        except (TypeError, ValueError):  # built-in methods have no signature
            continue
        found[stage] = parameters[1:] if owner is not target else parameters
    return found


def _names(param: PortParam) -> tuple[str, ...]:
    return (param.name, *param.aliases)


def _is_at(param: PortParam, place: int, real: list[inspect.Parameter]) -> bool:
    if param.keyword_only:
        return any(each.name in _names(param) for each in real)
    here = real[place] if place < len(real) else None
    return here is not None and here.name in _names(param) and here.kind is not _Kind.KEYWORD_ONLY


def _default_agrees(
    entry: PortEntry, param: PortParam, real: inspect.Parameter
) -> Iterator[Finding]:
    ours = "nothing" if param.is_required else show(param.default)
    theirs = "nothing" if real.default is _Kind.empty else real.default
    if not _agrees(param, real.default):
        message = f"has the default {ours} for {real.name}; MindSpore: {theirs}"
        yield Finding(entry.name, message)


def _agrees(param: PortParam, real: Any) -> bool:
    default = param.default
    if param.is_required:
        return (
            real is _Kind.empty or real is None
        )  # there are defaults that MindSpore itself refuses
    if real is _Kind.empty:
        return False
    if real is None:
        return default is None
    if isinstance(default, str) and not isinstance(real, str):
        return str(real).lower() == default.rstrip("_")
    real = tuple(real) if isinstance(real, list) else real  # as TOML's arrays are read
    return type(real) is type(default) and bool(real == default)


def _shown(real: list[inspect.Parameter]) -> str:
    return ", ".join(str(each) for each in real)
