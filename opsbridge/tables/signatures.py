"""Comparing the parameters of a table with the signature of the installed framework.

The framework is imported by the dotted name in the table, and only here: the linter is the one
place where tables meet the real thing. A table can name anything, and importing runs code: only
packages that the shipped tables are about are imported, whatever folder is checked.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from opsbridge.errors import TableError
from opsbridge.tables.decode import show
from opsbridge.tables.finding import Finding
from opsbridge.tables.load import all_api_identifiers, load_api, table_root
from opsbridge.tables.options import fold
from opsbridge.tables.schema import ApiTable, Param, Stage

_Kind = inspect.Parameter
_UNKNOWN = object()
# Methods by which frameworks' operator classes are called, the most telling first.
_CALL_METHODS = ("forward", "construct", "__call__")


@dataclass(frozen=True)
class SignatureReport:
    """How a table agrees with the real API; ``reason`` says why it could not be compared."""

    facts: int = 0
    findings: tuple[Finding, ...] = ()
    reason: str = ""


def compare_with_installed(api: ApiTable) -> SignatureReport:
    """Compare names, order, defaults and ways of passing with the installed framework."""
    try:
        check_importable(api.schema or api.real or api.name)
        if api.schema not in _known_names()[1]:
            raise TableError(
                f"only functions of the shipped tables give a schema, not {api.schema}"
            )
        target = _schema(api) if api.schema else resolve(api.real or api.name)
        signatures = {stage: _signature(target, api, stage) for stage in _stages(api)}
    except Exception as error:  # a framework that is broken fails in its own ways
        reason = str(error).strip().partition("\n")[0]
        return SignatureReport(reason=f"{type(error).__name__}: {reason}")
    facts = [fact for stage, real in signatures.items() for fact in _compare(api, stage, real)]
    return SignatureReport(len(facts), tuple(fact for fact in facts if fact is not None))


def check_importable(name: str) -> None:
    """Refuse a dotted name that does not belong to a framework of the shipped tables.

    Raises:
        TableError: it does not.
    """
    package, *parts = name.split(".")
    if package not in _known_names()[0] or any(part.startswith("__") for part in parts):
        raise TableError(f"only frameworks of the shipped tables are imported, not {name}")


@functools.cache
def _known_names() -> tuple[frozenset[str], frozenset[str]]:
    """The packages that the shipped tables name, and the functions that give a schema there."""
    apis = [load_api(identifier, table_root()) for identifier in all_api_identifiers(table_root())]
    names = frozenset((api.schema or api.real or api.name).partition(".")[0] for api in apis)
    return names, frozenset(api.schema for api in apis)


def resolve(name: str) -> Any:
    """The object with this dotted name, importing as much of it as is a module.

    An attribute goes before a module of its name, unlike in ``pkgutil.resolve_name``:
    ``torchvision.ops.roi_align`` is a module and, imported into ``torchvision.ops``, the function.
    """
    parts = name.split(".")
    target = importlib.import_module(parts[0])
    for index, part in enumerate(parts[1:], start=2):
        if not hasattr(target, part):
            importlib.import_module(".".join(parts[:index]))
        target = getattr(target, part)
    return target


def _stages(api: ApiTable) -> tuple[Stage, ...]:
    return ("call",) if api.form == "function" else ("init", "call")


def _schema(api: ApiTable) -> Any:
    """The schema of an operator that the framework describes, and does not export as a callable."""
    version = int(api.versions[0]) if api.versions else 1
    return resolve(api.schema)(api.name.rpartition(".")[2].partition("_")[0], version)


def _signature_of_schema(schema: Any) -> list[inspect.Parameter]:
    """Inputs in their order, then attributes in the order of their names, with their defaults."""
    inputs = [
        _Kind(
            each.name,
            _Kind.POSITIONAL_OR_KEYWORD,
            default=_UNKNOWN if "Optional" in str(each.option) else _Kind.empty,
        )
        for each in schema.inputs
    ]
    attributes = [
        _Kind(
            name,
            _Kind.POSITIONAL_OR_KEYWORD,
            default=_Kind.empty if each.required else _attribute(each),
        )
        for name, each in sorted(schema.attributes.items())
    ]
    return [*inputs, *attributes]


def _attribute(attribute: Any) -> Any:
    """The default of an attribute; ONNX holds it as one of the fields of a message."""
    value = attribute.default_value
    held = {1: "f", 2: "i", 3: "s"}.get(value.type)
    default = getattr(value, held) if held else _UNKNOWN
    return default.decode() if isinstance(default, bytes) else default


def _signature_in_words(target: Any) -> list[inspect.Parameter]:
    """What a builtin's first line of documentation says: `f(a, b[, c[, d]]) -> e`."""
    match = re.match(r"\w+\(([^)]*)\)", target.__doc__ or "")
    if match is None:
        raise ValueError(f"no signature in the documentation of {target.__name__}")
    required, *optional = match[1].replace("]", "").split("[")
    names: list[tuple[str, object]] = [(name, _Kind.empty) for name in required.split(",")]
    names += [(name, _UNKNOWN) for part in optional for name in part.split(",")]
    return [
        _Kind(name.strip(), _Kind.POSITIONAL_OR_KEYWORD, default=default)
        for name, default in names
        if name.strip()
    ]


def _signature(target: Any, api: ApiTable, stage: Stage) -> list[inspect.Parameter]:
    if api.schema:
        return _signature_of_schema(target)
    if inspect.isbuiltin(target):
        return _signature_in_words(target)
    if api.form == "function" or stage == "init":
        return list(inspect.signature(target).parameters.values())
    method: Callable[..., Any] = next(
        getattr(target, name) for name in _CALL_METHODS if callable(getattr(target, name, None))
    )
    return list(inspect.signature(method).parameters.values())[1:]


def _compare(
    api: ApiTable, stage: Stage, real: list[inspect.Parameter]
) -> Iterator[Finding | None]:
    """One result per fact that was compared: None where table and real API agree."""
    expected = [
        (i, param)
        for i, param in enumerate(fold(api.params))
        if param.stage == stage and not param.extension
    ]
    if [parameter.kind for parameter in real] == [_Kind.VAR_POSITIONAL]:
        # The real one takes *args: that inputs go by position is all there is to compare.
        for index, param in expected:
            agrees = param.positional_only
            key = f"params[{index}].positional_only"
            yield None if agrees else Finding(key, "is false; the real API takes *args")
        return
    for (index, param), parameter in zip(expected, real, strict=False):
        yield from _compare_parameter(f"params[{index}]", param, parameter)
    for index, param in expected[len(real) :]:
        yield Finding(f"params[{index}].name", f"is {param.name}; the real API ends before it")
    for parameter in real[len(expected) :]:
        yield Finding("params", f"lack {parameter.name}, which the real API has")


def _compare_parameter(key: str, param: Param, real: inspect.Parameter) -> Iterator[Finding | None]:
    agrees = param.name == real.name
    message = f"is {param.name}; the real API has {real.name} there"
    yield None if agrees else Finding(f"{key}.name", message)

    default = None if real.default is _Kind.empty else real.default
    if default is _UNKNOWN:  # there is one, and what it is nobody says
        yield (
            Finding(f"{key}.required", "is true; the real one is optional")
            if param.required
            else None
        )
        return
    agrees = type(param.default) is type(default) and param.default == default
    message = f"is {_shown(param.default)}; the real API has {_shown(default)}"
    yield None if agrees else Finding(f"{key}.default", message)

    agrees = param.positional_only == (real.kind is _Kind.POSITIONAL_ONLY)
    message = f"differs; the real parameter is {real.kind.name}"
    yield None if agrees else Finding(f"{key}.positional_only", message)


def _shown(default: object) -> str:
    return "none (required)" if default is None else show(default)
