"""Rules for the tables of general names: texts, and defaults as in the installed MindSpore."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from opsbridge.tables.decode import show
from opsbridge.tables.finding import Finding
from opsbridge.tables.port_schema import PortEntry, PortParam, PortTable
from opsbridge.tables.signatures import check_importable, resolve

_EMPTY = inspect.Parameter.empty


def lint_port_table(table: PortTable) -> Iterator[Finding]:
    """The findings about one table."""
    for entry in table.entries:
        yield from texts_present(entry)
        yield from defaults_agree(entry)


def texts_present(entry: PortEntry) -> Iterator[Finding]:
    """Every difference is told in both languages."""
    for difference in entry.differences:
        if not (difference.code and difference.en.strip() and difference.zh.strip()):
            yield Finding(entry.name, "has a difference without code or text")


def defaults_agree(entry: PortEntry) -> Iterator[Finding]:
    """A parameter that the installed MindSpore has by this name has the same default there."""
    real = _real_parameters(entry)
    for param in entry.params:
        for name in (param.name, *param.aliases):
            default = real.get((param.stage, name), _EMPTY)
            if default is not _EMPTY and not _agrees(param, default):
                message = f"has the default {show(param.default)} for {name}; MindSpore: {default}"
                yield Finding(entry.name, message)


def _real_parameters(entry: PortEntry) -> dict[tuple[str, str], Any]:
    """(stage, name) -> default, of what the installed MindSpore has; nothing where it lacks it."""
    found: dict[tuple[str, str], Any] = {}
    try:
        check_importable(entry.name)
        target = resolve(entry.name)
    except (
        Exception
    ):  # not of a framework, not installed, broken in its own way, or gone in this version
        return found
    stages = {"call": target}
    if inspect.isclass(target):
        stages = {"init": target, "call": target.__call__}
    for stage, owner in stages.items():
        try:
            parameters = inspect.signature(owner).parameters
        except (TypeError, ValueError):  # built-in methods have no signature
            continue
        found |= {(stage, name): each.default for name, each in parameters.items()}
    return found


def _agrees(param: PortParam, real: Any) -> bool:
    default = param.default
    if real is None:
        return default is None
    if isinstance(default, str) and not isinstance(real, str):
        return str(real).lower() == default.rstrip("_")
    real = tuple(real) if isinstance(real, list) else real  # as TOML's arrays are read
    return type(real) is type(default) and bool(real == default)
