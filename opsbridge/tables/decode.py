"""Strict decoding of parsed TOML into the structs of :mod:`opsbridge.tables.schema`.

The type hints of the structs are the whole grammar: unknown keys, missing keys, wrong types and
values outside a ``Literal`` are refused, nothing is converted (1 is no float, true is no int).
All problems of a file are collected, so that one run of an editor fixes them all.
"""

from __future__ import annotations

import dataclasses
import difflib
import json
from collections.abc import Mapping, Sequence
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from opsbridge.errors import TableError
from opsbridge.tables.strings import string_problem
from opsbridge.visible import visible

T = TypeVar("T")

_SHOWN_PROBLEMS = 20
_TYPE_NAMES = {bool: "true or false", int: "an integer", float: "a float", str: "a string"}


def decode(struct: type[T], data: Mapping[str, Any], file: str) -> T:
    """Build ``struct`` from the parsed TOML of ``file``.

    Raises:
        TableError: naming the file and the key path of every problem found.
    """
    problems: list[str] = []
    value: T = _decode_struct(struct, data, "", problems)
    if problems:
        raise problems_error(file, problems)
    return value


def problems_error(file: str, problems: Sequence[str]) -> TableError:
    """One error that lists the problems of a file, each on its own line."""
    lines = [f"{file}: {problem}" for problem in problems[:_SHOWN_PROBLEMS]]
    if len(problems) > _SHOWN_PROBLEMS:
        lines.append(f"{file}: {len(problems) - _SHOWN_PROBLEMS} more problems")
    return TableError(visible("\n".join(lines)))


def show(value: Any) -> str:
    """A value as the table's author wrote it, cut to a readable length."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except RecursionError:
        return "too deeply nested"
    except ValueError:  # Python spells no integer of thousands of digits
        return "a huge number"
    return text if len(text) <= 60 else text[:57] + "..."


@cache
def _fields(struct: Any) -> dict[str, tuple[Any, bool]]:
    """Name -> (type hint, is required) of every field of a struct.

    TOML has no null: a field that may be None may be left out.
    """
    hints = get_type_hints(struct)
    missing = dataclasses.MISSING
    return {
        field.name: (
            hints[field.name],
            field.default is missing
            and field.default_factory is missing
            and NoneType not in get_args(hints[field.name]),
        )
        for field in dataclasses.fields(struct)
    }


def _decode_struct(struct: Any, raw: Any, path: str, problems: list[str]) -> Any:
    if not isinstance(raw, Mapping):
        problems.append(f"{path} is {show(raw)}; expected a table")
        return None
    prefix = f"{path}." if path else ""
    fields = _fields(struct)
    problems.extend(_unknown_keys(raw, fields, prefix))
    # What may be None is where it is left out, and what is missing is so until the error is raised.
    values = dict.fromkeys(
        name for name, (hint, required) in fields.items() if required or NoneType in get_args(hint)
    )
    for name, (hint, required) in fields.items():
        if name in raw:
            values[name] = _decode_value(hint, raw[name], prefix + name, problems)
        elif required:
            problems.append(f"{prefix}{name} is missing; it is required")
    return struct(**values)


def _unknown_keys(raw: Mapping[str, Any], known: Mapping[str, Any], prefix: str) -> list[str]:
    problems = []
    for key in raw:
        if key not in known:
            close = difflib.get_close_matches(key, known)
            hint = f"did you mean {close[0]}?" if close else f"allowed: {', '.join(known)}"
            problems.append(f"{prefix}{key} is not a known key; {hint}")
    return problems


def _decode_value(hint: Any, raw: Any, path: str, problems: list[str]) -> Any:
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is Any:
        return raw
    if dataclasses.is_dataclass(hint):
        return _decode_struct(hint, raw, path, problems)
    if origin is Literal:
        if raw not in arguments:
            problems.append(f"{path} is {show(raw)}; allowed: {', '.join(arguments)}")
        return raw
    if origin is tuple:
        return _decode_list(arguments, raw, path, problems)
    if origin is dict:
        return _decode_dict(arguments[0], arguments[1], raw, path, problems)
    if origin in (Union, UnionType):
        members = tuple(member for member in arguments if member is not NoneType)
        if len(members) == 1:
            return _decode_value(members[0], raw, path, problems)
        lists = [member for member in members if get_origin(member) is tuple]
        if lists and isinstance(raw, list):
            return _decode_value(lists[0], raw, path, problems)
        scalars = tuple(member for member in members if member not in lists)
        return _decode_scalar(scalars, raw, path, problems)
    return _decode_scalar((hint,), raw, path, problems)


def _decode_list(arguments: Any, raw: Any, path: str, problems: list[str]) -> Any:
    if not isinstance(raw, list):
        problems.append(f"{path} is {show(raw)}; expected a list")
        return ()
    if Ellipsis not in arguments and len(raw) != len(arguments):
        problems.append(f"{path} has {len(raw)} values; expected {len(arguments)}")
        return ()
    return tuple(
        _decode_value(arguments[0], item, f"{path}[{index}]", problems)
        for index, item in enumerate(raw)
    )


def _decode_dict(keys: Any, hint: Any, raw: Any, path: str, problems: list[str]) -> Any:
    if not isinstance(raw, Mapping):
        problems.append(f"{path} is {show(raw)}; expected a table")
        return {}
    if get_origin(keys) is Literal:
        problems.extend(_unknown_keys(raw, dict.fromkeys(get_args(keys)), f"{path}."))
    return {
        key: _decode_value(hint, value, f"{path}.{key}", problems) for key, value in raw.items()
    }


def _decode_scalar(allowed: tuple[Any, ...], raw: Any, path: str, problems: list[str]) -> Any:
    # The exact type: bool is a subclass of int, and 1 == True would pass an isinstance test.
    if type(raw) not in allowed:
        names = " or ".join(_TYPE_NAMES[member] for member in allowed)
        problems.append(f"{path} is {show(raw)}; expected {names}")
    elif type(raw) is int and abs(raw) >> 63:
        problems.append(f"{path} is {show(raw)}; expected at most 63 bits")
    elif type(raw) is str and (problem := string_problem(path, raw)):
        problems.append(f"{path} {problem}")
    return raw
