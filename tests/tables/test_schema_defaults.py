"""What a table leaves out is of the type of what it could say: an empty text is no None."""

from __future__ import annotations

import dataclasses
import inspect
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest

from opsbridge.tables import port_schema, schema

STRUCTS = [
    struct
    for module in (schema, port_schema)
    for _, struct in inspect.getmembers(module, dataclasses.is_dataclass)
    if struct.__module__ == module.__name__
]


def kinds(hint: Any) -> tuple[type, ...]:
    """The classes whose objects a type hint allows."""
    origin = get_origin(hint)
    if origin is Literal:
        return tuple({type(value) for value in get_args(hint)})
    if origin in (dict, tuple):
        return (origin,)
    if get_args(hint):
        return tuple(kind for each in get_args(hint) for kind in kinds(each))
    return (hint,)


@pytest.mark.parametrize("struct", STRUCTS, ids=lambda struct: struct.__name__)
def test_defaults_are_of_the_type_of_their_fields(struct: Any) -> None:
    hints = get_type_hints(struct)
    for field in dataclasses.fields(struct):
        if field.default is not dataclasses.MISSING:
            allowed = kinds(hints[field.name])
            assert type(field.default) in allowed, field.name
            assert (field.default is None) == (NoneType in allowed), field.name
