"""What else an argument may be: other values of the declared types mean what the usual one does."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from opsbridge.errors import ArgumentError, DtypeError
from opsbridge.tables.case_call import CaseCall, case_calls
from opsbridge.tables.load import all_api_names, load_api, load_core
from opsbridge.tables.schema import ApiTable, Param
from opsbridge.tables.signatures import resolve

Arguments = dict[str, Any]
Given = tuple[ApiTable, Param, Arguments, Any]
# PyTorch and mmcv look whether these are Python's own, whatever they take elsewhere.
PYTHON_S_OWN = {"aligned", "offset"}
# Their defaults are written as whole numbers.
COUNTED_IN_NUMBERS = {"score_threshold", "offset"}
# What may be given although it changes nothing.
IGNORED = {"string": "given", "integer": 1, "number": 0.5}


def given() -> Iterator[Given]:
    """Each parameter with a value, and the arguments of a case that has such a result."""
    for name in all_api_names():
        api = load_api(name)
        core = load_core(api.core)
        calls = [call for case in core.cases for call in case_calls(api, core, case)]
        calls = [call for call in calls if not is_of_another_table(api, call)]
        for param in () if not calls else api.params:
            if not (param.inside or param.extension):
                yield api, param, *arguments_with(param, calls)


def is_of_another_table(api: ApiTable, call: CaseCall) -> bool:
    variants = {each.param: each.value for each in api.variants if each.above is None}
    return any(call.arguments.get(name) == value for name, value in variants.items() if value)


def arguments_with(param: Param, calls: list[CaseCall]) -> tuple[Arguments, Any]:
    """The arguments of the first call that gives the parameter, or of the first; and its value."""
    found = [tensors(call) for call in calls]
    arguments = next((each for each in found if np.size(each.get(param.name, ()))), found[0])
    value = arguments.get(param.name, param.default)
    if value is None and param.converter == "ignored":
        value = next(IGNORED[kind] for kind in param.types)
    return arguments, value


def tensors(call: CaseCall) -> Arguments:
    return {
        name: np.array(value, call.dtypes[name]) if name in call.dtypes else value
        for name, value in call.arguments.items()
    }


def as_numbers(value: Any) -> list[Any]:
    whole = [int(value)] if np.isfinite(value) and value == int(value) else []
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
    "integers": lambda value: [list(value), tuple(value)],
    "int_pair": as_pairs,
    "number_pair": lambda value: [list(value), tuple(map(np.float64, value))],
    "float_tuple": lambda value: [tuple(map(np.float64, value))],
    "holder": lambda value: [SimpleNamespace(tensor=value)],
}
USUAL = {"tensor", "bool", "float", "number", "int", "integer", "string"}


def others(param: Param, value: Any) -> Iterator[Any]:
    """The value, and others that mean the same."""
    yield value
    for kind in set(param.types) - USUAL:
        yield from OTHERS[kind](value)
    if param.converter == "pair" and "integer" in param.types:
        yield from [value[0], *as_integers(value[0])] if value[0] == value[1] else []
    if type(value) in (int, float) and param.name not in PYTHON_S_OWN:
        yield from as_integers(value) if "integer" in param.types else as_numbers(value)


def results(api: ApiTable, arguments: Arguments) -> list[Any]:
    """What the API returns, one array after the other."""
    return arrays(returned(api, resolve(f"opsbridge.{api.name}"), arguments))


def returned(api: ApiTable, target: Any, arguments: Arguments) -> Any:
    """What a call of the API gives, ours or the real one."""
    stages = {each.name: each.stage for each in api.params}
    if api.form == "class":
        target = target(
            **{name: arguments[name] for name in arguments if stages.get(name) == "init"}
        )
    by_place = [each for each in api.params if each.positional_only and each.stage == "call"]
    by_name = {name for name in arguments if stages.get(name, "call") == "call"}
    by_name -= {each.name for each in by_place}
    return target(
        *(arguments.get(each.name, each.default) for each in by_place),
        **{name: arguments[name] for name in by_name},
    )


def arrays(value: Any) -> list[Any]:
    if isinstance(value, tuple | list):
        return [array for each in value for array in arrays(each)]
    return [np.asarray(value)]


def name_of(given: Given) -> str:
    return f"{given[0].name}-{given[1].name}"


GIVEN = [each for each in given() if each[3] is not None]


@pytest.mark.parametrize("given", GIVEN, ids=name_of)
def test_other_values_of_the_declared_types_mean_the_same(given: Given) -> None:
    api, param, arguments, value = given
    if api.framework == "mindspore" and type(value) in (int, float):
        other = np.float32(value) if type(value) is float else np.int64(value)
        with pytest.raises(DtypeError, match=f": {param.name} is "):
            results(api, {**arguments, param.name: other})
        return
    expected = results(api, arguments)
    for other in others(param, value):
        for found, array in zip(
            results(api, {**arguments, param.name: other}), expected, strict=True
        ):
            np.testing.assert_array_equal(found, array)


@pytest.mark.parametrize("given", GIVEN, ids=name_of)
def test_values_of_other_types_are_refused(given: Given) -> None:
    api, param, arguments, value = given
    for other in strangers(api, param, value):
        with pytest.raises((DtypeError, ArgumentError), match=rf": {param.name}(\[0\])? is "):
            results(api, {**arguments, param.name: other})


def strangers(api: ApiTable, param: Param, value: Any) -> Iterator[Any]:
    """What the framework reads as something else, or not at all."""
    yield object()
    if isinstance(value, np.ndarray):
        if api.name != "detectron2.structures.pairwise_iou":
            yield SimpleNamespace(tensor=value)
        if api.framework != "opencv" and param.name != "prior_box_var":
            yield value.tolist()
    elif isinstance(value, bool):
        if api.name not in ("torchvision.ops.roi_align", "torchvision.ops.RoIAlign"):
            yield int(value)
    elif isinstance(value, int) and param.name not in COUNTED_IN_NUMBERS:
        yield from (value + 0.5, "1", True)
    elif isinstance(value, int | float):
        yield from ("0.5", (value, value), None)
        if api.framework != "onnx":
            yield np.array([value])
    elif isinstance(value, str):
        yield from (1, 1.5, True, (value,))


def test_all_declared_types_are_tried() -> None:
    """An argument that no case gives would not be looked at."""
    assert {kind for _, param, _, _ in GIVEN for kind in param.types} == USUAL | OTHERS.keys()
