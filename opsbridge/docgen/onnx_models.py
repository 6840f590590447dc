"""What the detection operators of an ONNX model are in other frameworks, computed from the tables.

The model is read with the `onnx` package; it is never run.
"""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opsbridge.errors import ArgumentError
from opsbridge.tables.finding import equal_scalars
from opsbridge.tables.load import all_api_identifiers, load_api, load_core
from opsbridge.tables.pairing import axis_values
from opsbridge.tables.schema import ApiTable, CoreTable, Scalar

FRAMEWORK = "onnx"
TARGETS = ("torchvision", "mindspore", "mmcv")
_DOMAINS = ("", "ai.onnx")


@dataclass(frozen=True)
class Node:
    """One node of a model that has a table: its name, and its attributes that are given."""

    name: str
    api: ApiTable
    attributes: dict[str, Any]


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
    nodes = list(_nodes(path))
    if not nodes:
        return f"{path}: no node has a mapping table"
    return "\n\n".join("\n".join(_lines(node, language)) for node in nodes)


def _nodes(path: Path) -> Iterator[Node]:
    try:
        onnx = importlib.import_module("onnx")
    except ImportError as error:
        raise ArgumentError(f"{path}: reading it takes the package onnx: {error}") from None
    try:
        model = onnx.load(str(path), load_external_data=False)
    except Exception as error:  # a file that is no model fails in many ways
        raise ArgumentError(f"{path}: is no ONNX model: {error}") from None
    versions = {each.domain: each.version for each in model.opset_import}
    version = next((versions[domain] for domain in _DOMAINS if domain in versions), 1)
    for node in _all_nodes(model.graph):
        api = _table(node.op_type, version) if node.domain in _DOMAINS else None
        if api is not None:
            given = {
                each.name: _plain(onnx.helper.get_attribute_value(each)) for each in node.attribute
            }
            yield Node(node.name or ", ".join(node.output), api, given)


def _all_nodes(graph: Any) -> Iterator[Any]:
    """The nodes of a graph, and of the graphs inside their attributes."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                yield from _all_nodes(inner)


def _plain(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else value


def _table(operator: str, version: int) -> ApiTable | None:
    """The table of an operator that holds for a version of the operator set."""
    for identifier in all_api_identifiers():
        framework, _, stem = identifier.partition("/")
        if framework == FRAMEWORK and stem.partition("_")[0] == operator:
            api = load_api(identifier)
            first = int(api.versions[0])
            last = int(api.versions[1]) if len(api.versions) > 1 else version
            if first <= version <= last:
                return api
    return None


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
    wanted = _axes(node.api, core, node.attributes)
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
    given = ", ".join(f"{name}={value!r}" for name, value in node.attributes.items())
    since = " to ".join(node.api.versions)
    yield f"{node.name}: {node.api.name}({given}), opset {since}{'' if ' to ' in since else ' on'}"
    wanted = _axes(node.api, core, node.attributes)
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
