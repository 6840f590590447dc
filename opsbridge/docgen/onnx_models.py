"""What the detection operators of an ONNX model are in other frameworks, from the tables."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opsbridge.docgen.onnx_nodes import Node, nodes_of
from opsbridge.tables.finding import equal_scalars
from opsbridge.tables.load import all_api_identifiers, load_api, load_core
from opsbridge.tables.pairing import axis_values
from opsbridge.tables.schema import ApiTable, CoreTable, Scalar
from opsbridge.visible import visible

_MOST_SHOWN = 120
TARGETS = ("torchvision", "mindspore", "mmcv")


@dataclass(frozen=True)
class Likeness:
    """A call in another framework: its settings, and the axes in which the node differs."""

    api: ApiTable
    settings: dict[str, Scalar | None]
    differences: tuple[str, ...]


def report(path: Path, language: str) -> str:
    """For every node with a table, the calls of other frameworks that come nearest.

    Raises:
        ArgumentError: the package onnx is missing, or the file is no model.
    """
    nodes = list(nodes_of(path))
    if not nodes:
        return f"{path}: no node has a mapping table"
    return "\n\n".join("\n".join(_lines(node, language)) for node in nodes)


def _axes(api: ApiTable, core: CoreTable, given: dict[str, Any]) -> dict[str, Scalar]:
    """The conventions of a call with these settings."""
    axes = axis_values(api, core, "cpu", "float32")
    for param in api.params:
        for choice in param.choices:
            if param.name in given and equal_scalars(choice.value, given[param.name]):
                axes.update(choice.set)
    return axes


def likenesses(node: Node) -> list[Likeness]:
    """The nearest call of every API of the operator in the other frameworks, the best first."""
    core = load_core(node.api.core)
    wanted = _axes(node.api, core, node.settings)
    found = []
    for identifier in all_api_identifiers():
        if identifier.partition("/")[0] in TARGETS:
            api = load_api(identifier)
            if api.core == core.op:
                found.append(min(_calls(api, core, wanted), key=lambda each: len(each.differences)))
    return sorted(found, key=lambda each: len(each.differences))


def _calls(api: ApiTable, core: CoreTable, wanted: dict[str, Scalar]) -> Iterator[Likeness]:
    enumerated = [p for p in api.params if p.choices and not p.extension]
    alike = {
        (axis.name, value.value): value.value if value.like is None else value.like
        for axis in core.axes
        for value in axis.values
        if not value.with_slot  # another argument, not another result
    }
    for choices in itertools.product(*(param.choices for param in enumerated)):
        settings = {p.name: c.value for p, c in zip(enumerated, choices, strict=True)}
        axes = _axes(api, core, settings)
        differing = tuple(
            axis.name
            for axis in core.axes
            if all((axis.name, side.get(axis.name)) in alike for side in (wanted, axes))
            and alike[axis.name, wanted[axis.name]] != alike[axis.name, axes[axis.name]]
        )
        yield Likeness(api, settings, differing)


def _lines(node: Node, language: str) -> Iterator[str]:
    core = load_core(node.api.core)
    given = ", ".join(
        f"{_short(visible(name))}={_short(repr(value))}" for name, value in node.settings.items()
    )
    since = " to ".join(node.api.versions)
    on = "" if " to " in since else " on"
    yield f"{_short(visible(node.name))}: {node.api.name}({given}), opset {since}{on}"
    wanted = _axes(node.api, core, node.settings)
    for name in node.given_by_callers:
        setting = _short(visible(name))
        yield f"  {setting} is an argument of the function around the node; its default is taken"
    wrong = _unknown_settings(node)
    if wrong:
        yield from wrong
        return
    for like in likenesses(node):
        settings = ", ".join(f"{name}={value!r}" for name, value in like.settings.items())
        verdict = "equals" if not like.differences else "differs from"
        yield f"  {verdict} {like.api.name}({settings})"
        axes = _axes(like.api, core, dict(like.settings))
        texts = {(axis.name, v.value): v.text for axis in core.axes for v in axis.values}
        for axis in core.axes:
            if axis.name in like.differences:
                here, there = (texts[axis.name, side[axis.name]] for side in (wanted, axes))
                about = getattr(axis.text, language)
                yield f"    {about}: {getattr(here, language)} / {getattr(there, language)}"


def _short(text: str) -> str:
    """What a model says, on one line of bearable length."""
    line = " ".join(text.split())
    return line if len(line) <= _MOST_SHOWN else f"{line[: _MOST_SHOWN - 3]}..."


def _unknown_settings(node: Node) -> list[str]:
    """What is wrong with settings whose value the operator does not have."""
    return [
        f"  {param.name} is {_short(repr(node.settings[param.name]))}; allowed: "
        + ", ".join(repr(choice.value) for choice in param.choices)
        for param in node.api.params
        if param.choices
        and param.name in node.settings
        and not any(
            equal_scalars(choice.value, node.settings[param.name]) for choice in param.choices
        )
    ]
