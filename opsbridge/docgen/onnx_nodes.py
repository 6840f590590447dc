"""The nodes of an ONNX model that have a mapping table, with the settings that the model shows.

The model is read with the `onnx` package; it is never run, and no file beside it is opened.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opsbridge.docgen.onnx_call import is_input
from opsbridge.errors import ArgumentError
from opsbridge.tables.load import all_api_identifiers, load_api
from opsbridge.tables.schema import ApiTable

FRAMEWORK = "onnx"
# Protocol buffers hold no more.
_MAX_BYTES = 2**31 - 1
_DOMAINS = ("", "ai.onnx")


@dataclass(frozen=True)
class Node:
    """One node of a model that has a table: its name, and the settings whose values are known.

    These are its attributes and the inputs of one constant number. Of a node in a function some
    attributes may be `given_by_callers`.
    """

    name: str
    api: ApiTable
    settings: dict[str, Any]
    given_by_callers: tuple[str, ...]


def nodes_of(path: Path) -> Iterator[Node]:
    """The nodes with a table, those in inner graphs and functions among them.

    Raises:
        ArgumentError: the package onnx is missing, or the file is no model or too large for one.
    """
    model = _loaded(path)
    graphs = [(model.opset_import, model.graph), *((f.opset_import, f) for f in model.functions)]
    for opsets, graph in graphs:
        versions = {each.domain: each.version for each in opsets}
        version = next((versions[domain] for domain in _DOMAINS if domain in versions), 1)
        for node, constants in _all_nodes(graph, {}):
            api = _table(node.op_type, version) if node.domain in _DOMAINS else None
            if api is not None:
                yield _node(node, api, constants)


def _loaded(path: Path) -> Any:
    try:
        onnx = importlib.import_module("onnx")
    except ImportError as error:
        raise ArgumentError(f"{path}: reading it takes the package onnx: {error}") from None
    try:
        size = path.stat().st_size
        if not path.is_file():  # a pipe would wait, a device has no end
            raise ArgumentError(f"{path}: is no ONNX model: it is no regular file")
        if size > _MAX_BYTES:
            raise ArgumentError(f"{path}: has {size} bytes; a model has at most {_MAX_BYTES}")
        model = onnx.load(str(path), load_external_data=False)
    except ArgumentError:
        raise
    except Exception as error:  # a file that is no model fails in many ways
        raise ArgumentError(f"{path}: is no ONNX model: {error}") from None
    if not model.HasField("graph"):
        raise ArgumentError(f"{path}: is no ONNX model: it has no graph")
    return model


def _all_nodes(graph: Any, outer: Mapping[str, Any]) -> Iterator[tuple[Any, Mapping[str, Any]]]:
    """The nodes of a graph and of the graphs inside their attributes, with constants in sight."""
    constants = dict(outer)
    for tensor in getattr(graph, "initializer", ()):
        constants[tensor.name] = tensor
    for node in graph.node:
        if node.op_type == "Constant" and len(node.attribute) == len(node.output) == 1:
            constants[node.output[0]] = _value(node.attribute[0])
    for node in graph.node:
        yield node, constants
        for attribute in node.attribute:
            inner = [attribute.g] if attribute.HasField("g") else []
            for each in (*inner, *attribute.graphs):
                yield from _all_nodes(each, constants)


def _node(node: Any, api: ApiTable, constants: Mapping[str, Any]) -> Node:
    settings: dict[str, Any] = {}
    for param, name in zip(filter(is_input, api.params), node.input, strict=False):
        number = _number(constants.get(name)) if "single" in param.types else None
        if number is not None:
            settings[param.name] = number
    settings |= {each.name: _value(each) for each in node.attribute if not each.ref_attr_name}
    callers = tuple(each.name for each in node.attribute if each.ref_attr_name)
    return Node(node.name or ", ".join(node.output), api, settings, callers)


def _value(attribute: Any) -> Any:
    value = importlib.import_module("onnx").helper.get_attribute_value(attribute)
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def _number(constant: Any) -> Any:
    """The number that a constant holds; None where it is not one, or lies in another file."""
    if isinstance(constant, int | float) or constant is None:
        return constant
    onnx = importlib.import_module("onnx")
    is_here = isinstance(constant, onnx.TensorProto) and not constant.external_data
    if not is_here or any(size != 1 for size in constant.dims):
        return None
    try:
        return onnx.numpy_helper.to_array(constant).item()
    except Exception:  # a tensor without its number
        return None


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
