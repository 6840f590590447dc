"""What else an argument may be: other values of the declared types mean what the usual one does."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from case_calls import Call
from test_cases_of_tables import CALLS, results_of

from opsbridge.errors import DtypeError
from opsbridge.tables.options import fold
from opsbridge.tables.schema import ApiTable, Param
from opsbridge.tables.signatures import resolve

Given = tuple[ApiTable, Call, Param]
# PyTorch and mmcv look whether these are Python's own, whatever they take elsewhere.
PYTHON_S_OWN = {"aligned", "offset"}


def _given() -> Iterator[Given]:
    """Each parameter in the first call that gives it a value, and has a result."""
    seen: set[tuple[str, str]] = set()
    for api, item, call in CALLS:
        for param in api.params:
            value = None if param.inside or param.extension else value_of(api, call, param)
            key = (api.name, param.name)
            if value is not None and np.size(value) and not item[2].refused and key not in seen:
                seen.add(key)
                yield api, call, param


def place_of(api: ApiTable, param: Param) -> int:
    """Where a parameter stands among those of its stage."""
    seen = [each for each in fold(api.params) if not each.extension and each.stage == param.stage]
    return [each.name for each in seen].index(param.name)


def value_of(api: ApiTable, call: Call, param: Param) -> Any:
    return getattr(call, param.stage)[place_of(api, param)]


def with_value(api: ApiTable, call: Call, param: Param, value: Any) -> Call:
    values = list(getattr(call, param.stage))
    values[place_of(api, param)] = value
    return dataclasses.replace(call, **{param.stage: tuple(values)})


def as_numbers(value: Any) -> list[Any]:
    whole = [int(value)] if value == int(value) else []
    return [np.float64(value), np.array(value), *whole]


def as_integers(value: Any) -> list[Any]:
    return [np.int64(value), np.array(value)]


def as_images(value: Any) -> list[Any]:
    """The boxes of each image, if these regions come image by image."""
    images = value[:, 0]
    parts = [value[images == image][:, 1:] for image in range(int(images.max()) + 1)]
    return [parts, tuple(parts)] if np.array_equal(images, np.sort(images)) else []


def as_pairs(value: Any) -> list[Any]:
    pair = value if np.size(value) == 2 else (value, value)
    return [tuple(pair), list(pair), np.array(pair)]


OTHERS: dict[str, Any] = {
    "tensor_list": as_images,
    "rows": lambda value: [value.tolist(), tuple(value.tolist())],
    "single": lambda value: [np.array([value])],
    "int_pair": as_pairs,
    "number_pair": lambda value: [list(value), tuple(map(np.float64, value))],
    "float_tuple": lambda value: [tuple(map(np.float64, value))],
    "holder": lambda value: [SimpleNamespace(tensor=value)],
}
USUAL = {"tensor", "bool", "float", "number", "int", "integer", "string"}


def others(param: Param, value: Any) -> Iterator[Any]:
    """Other values that mean the same."""
    for kind in set(param.types) - USUAL:
        yield from OTHERS[kind](value)
    if param.converter == "pair" and "integer" in param.types and value[0] == value[1]:
        yield from [value[0], *as_integers(value[0])]
    if type(value) in (int, float) and param.name not in PYTHON_S_OWN:
        yield from as_integers(value) if type(value) is int else as_numbers(value)


def is_exact(api: ApiTable, value: Any) -> bool:
    """Whether MindSpore's primitives look for a Python number."""
    return api.framework == "mindspore" and type(value) in (int, float)


def name_of(given: Given) -> str:
    return f"{given[0].name}-{given[2].name}"


GIVEN = list(_given())


def results(api: ApiTable, call: Call) -> dict[str, Any]:
    return results_of(api, resolve(f"opsbridge.{api.name}"), call, lambda array: array)


@pytest.mark.parametrize("given", GIVEN, ids=name_of)
def test_other_values_of_the_declared_types_mean_the_same(given: Given) -> None:
    api, call, param = given
    value = value_of(api, call, param)
    if is_exact(api, value):
        other = np.float32(value) if type(value) is float else np.int64(value)
        with pytest.raises(DtypeError, match=f": {param.name} is "):
            results(api, with_value(api, call, param, other))
        return
    expected = results(api, call)
    for other in others(param, value):
        found = results(api, with_value(api, call, param, other))
        for name, array in expected.items():
            np.testing.assert_array_equal(found[name], array)


def test_what_may_be_several_things_is_tried_as_each() -> None:
    """An argument that no case gives would not be looked at."""
    tried = {kind for _, _, param in GIVEN for kind in param.types}
    assert tried >= USUAL | {"tensor_list", "int_pair", "number_pair", "float_tuple"}
