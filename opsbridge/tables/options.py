"""Parameters that are entries of a dictionary argument, such as `nms_cfg` of mmcv.

Callers see the dictionary; a plan sees its entries as arguments of their own.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from opsbridge.errors import DtypeError
from opsbridge.tables.schema import Param


def fold(params: Iterable[Param]) -> Iterator[Param]:
    """The parameters that a caller sees: a dictionary stands where its first entry does."""
    seen: set[str] = set()
    for param in params:
        if not param.inside:
            yield param
        elif param.inside not in seen:
            seen.add(param.inside)
            yield Param(param.inside, param.stage, (), "ignored", required=True)


def unfold(
    operator_name: str, params: tuple[Param, ...], values: tuple[Any, ...]
) -> tuple[Any, ...]:
    """One value per parameter, from one per parameter that a caller sees.

    Raises:
        DtypeError: no dictionary, a required entry that is missing, or one that is not known.
    """
    given = dict(zip((param.name for param in fold(params)), values, strict=True))
    for name in {param.inside for param in params if param.inside}:
        entries = [param for param in params if param.inside == name]
        given |= _entries(operator_name, name, entries, given.pop(name))
    return tuple(given[param.name] for param in params)


def _entries(operator_name: str, name: str, params: list[Param], options: object) -> dict[str, Any]:
    if not isinstance(options, Mapping):
        raise DtypeError(f"{operator_name}: {name} is {options!r}; expected a dict")
    names = {alias: param.name for param in params for alias in (param.name, *param.aliases)}
    for key in options:
        if key not in names:
            allowed = ", ".join(param.name for param in params)
            raise DtypeError(f"{operator_name}: {name} has the entry {key!r}; known: {allowed}")
    given = {names[key]: value for key, value in options.items()}
    for param in params:
        if param.required and param.name not in given:
            raise DtypeError(f"{operator_name}: {name} lacks the entry {param.name!r}")
    return {param.name: given.get(param.name, param.default) for param in params}


def signature_of(params: Iterable[Param]) -> inspect.Signature:
    """The signature of some parameters as Python shows it."""
    return inspect.Signature([_parameter(param) for param in fold(params)])


def _parameter(param: Param) -> inspect.Parameter:
    default = inspect.Parameter.empty if param.required else param.default
    return inspect.Parameter(param.name, _kind(param), default=default)


def _kind(param: Param) -> Any:
    if param.positional_only:
        return inspect.Parameter.POSITIONAL_ONLY
    if param.extension:
        return inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter.POSITIONAL_OR_KEYWORD
