"""The cases of the core tables hold: in the reference, in opsbridge and in the real frameworks."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from case_calls import Call, arrays, call_for

from opsbridge import reference
from opsbridge.errors import ArgumentError
from opsbridge.tables.load import all_api_names, all_core_names, load_api, load_core
from opsbridge.tables.schema import ApiTable, Case, CoreTable, Expectation, Output
from opsbridge.tables.signatures import resolve

Item = tuple[str, Case, Expectation]
ApiCall = tuple[ApiTable, Item, Call]


def _items() -> list[Item]:
    cores = [load_core(op) for op in all_core_names()]
    return [(c.op, case, e) for c in cores for case in c.cases for e in case.expect]


def _item_name(item: Item) -> str:
    op, case, expectation = item
    return f"{op}-{case.name}-{'-'.join(map(str, expectation.set.values()))}"


def _call_name(entry: ApiCall) -> str:
    return f"{entry[0].name}-{_item_name(entry[1])}"


def _calls() -> Iterator[ApiCall]:
    for name in all_api_names():
        api = load_api(name)
        if api.each:  # takes and returns other shapes; tests/differential compares it
            continue
        for item in _items():
            if item[0] == api.core:
                call = call_for(api, load_core(api.core), item[1], item[2])
                if call is not None:
                    yield api, item, call


def _imitates(api: ApiTable, case: Case, expectation: Expectation) -> bool:
    """Whether the expectation is what the real API does, not what opsbridge does instead."""
    own = {axis for each in api.deviations if case.name not in each.same_in for axis in each.axes}
    return not expectation.refused and not own & {*case.axes, *expectation.set}


def _extends(api: ApiTable, call: Call) -> bool:
    """Whether the call asks for something that the real API does not have."""
    extensions = {param.name for param in api.params if param.extension}
    return any(call.keywords[name] is not None for name in extensions)


CALLS = list(_calls())
# What an API does for some argument is no API of its own.
PARTS = {load_api(each.table).name for name in all_api_names() for each in load_api(name).variants}
REAL_CALLS = [
    entry
    for entry in CALLS
    if _imitates(entry[0], entry[1][1], entry[1][2])
    and not _extends(entry[0], entry[2])
    and entry[0].name not in PARTS
    and not (entry[0].schema or entry[0].real)  # called in other ways; see tests/differential
]


def _check(got: dict[str, Any], expectation: Expectation) -> None:
    """Compare the outputs of the expectation that were got; there is at least one."""
    compared = got.keys() & expectation.outputs.keys()
    assert compared
    for name in compared:
        wanted = np.array(expectation.outputs[name])
        assert got[name].shape == wanted.shape
        np.testing.assert_allclose(got[name], wanted, rtol=1e-6, atol=0)


@pytest.mark.parametrize("item", _items(), ids=_item_name)
def test_reference_meets_the_case(item: Item) -> None:
    expectation = item[2]
    if expectation.refused:
        with pytest.raises(ArgumentError):
            _reference_outputs(item)
        return
    _check(_reference_outputs(item), expectation)


def _reference_outputs(item: Item) -> dict[str, Any]:
    op, case, expectation = item
    rule = {**case.base, **expectation.set}
    inputs = arrays(case, expectation, load_core(op))
    result = getattr(reference, op)(**inputs, **rule)
    first = load_core(op).outputs[0].name
    return {first: result} if isinstance(result, np.ndarray) else dataclasses.asdict(result)


@pytest.mark.parametrize("op", all_core_names())
def test_outputs_have_the_axes_that_the_core_table_names(op: str) -> None:
    """In a case at least: there are rules under which an output has other axes."""
    core = load_core(op)
    items = [item for item in _items() if item[0] == op and not item[2].refused]
    for output in core.outputs:
        seen = [
            _has_axes(output, outputs[output.name], core, arrays(item[1], item[2], core))
            for item in items
            if (outputs := _reference_outputs(item)).get(output.name) is not None
        ]
        assert any(seen) or not seen, output.name


def _has_axes(output: Output, result: Any, core: CoreTable, inputs: dict[str, Any]) -> bool:
    lengths = dict(inputs)
    for slot in core.slots:
        if slot.kind == "tensor" and slot.name in inputs:
            lengths |= _lengths(slot.shape, np.shape(inputs[slot.name]))
    found = _lengths(output.shape, np.shape(result))
    return len(found) == len(output.shape) and all(
        length == (axis if isinstance(axis, int) else lengths.get(axis, length))
        for axis, length in found.items()
    )


def _lengths(axes: tuple[int | str, ...], shape: tuple[int, ...]) -> dict[int | str, Any]:
    """The length of each axis; of `...`, which comes first, those of as many as there are."""
    if axes[:1] == ("...",):
        many = len(shape) - len(axes) + 1
        return {"...": shape[:many]} | _lengths(axes[1:], shape[many:])
    return dict(zip(axes, shape, strict=True)) if len(axes) == len(shape) else {}


@pytest.mark.parametrize("entry", CALLS, ids=_call_name)
def test_opsbridge_meets_the_case(entry: ApiCall) -> None:
    api, item, call = entry
    target = resolve(f"opsbridge.{api.name}")
    if item[2].refused:
        with pytest.raises(ArgumentError):
            _results(api, target, call, lambda array: array)
        return
    _check(_results(api, target, call, lambda array: array), item[2])


@pytest.mark.parametrize("entry", REAL_CALLS, ids=_call_name)
def test_real_framework_meets_the_case(entry: ApiCall) -> None:
    api, item, call = entry
    reason = f"compares with the real {api.framework}, which is not installed"
    pytest.importorskip(api.framework, reason=reason)
    to_tensor = _tensor_maker(api)
    _check(_results(api, resolve(api.real or api.name), call, to_tensor), item[2])


def test_every_axis_with_two_real_values_is_seen_on_the_real_frameworks() -> None:
    """Axes that differ between the real CPU operators are shown by them, not by us alone."""
    seen = {
        (axis, repr({**case.base, **expectation.set}.get(axis)))
        for _, (_, case, expectation), _ in REAL_CALLS
        for axis in case.axes
    }
    values = {axis: sum(name == axis for name, _ in seen) for axis, _ in seen}
    shown = {axis for axis, count in values.items() if count > 1}
    assert shown >= {"order", "threshold_type", "grid", "count", "unusable_sample"}
    assert shown >= {"half_pixel", "end_offset", "min_size"}


def _tensor_maker(api: ApiTable) -> Any:
    """What makes an argument of an array: a tensor, in an object where the real API wants one."""
    if api.framework == "mindspore":
        return importlib.import_module("mindspore").Tensor
    from_numpy = importlib.import_module("torch").from_numpy
    holders = [resolve(param.held_in) for param in api.params if param.held_in]
    return (lambda array: holders[0](from_numpy(array))) if holders else from_numpy


def _results(api: ApiTable, target: Any, call: Call, to_tensor: Any) -> dict[str, Any]:
    """Call one API and name what it returns by the outputs of the core."""
    operator = target if api.form == "function" else target(*call.init)
    given = [to_tensor(v) if isinstance(v, np.ndarray) else v for v in call.call]
    extensions = {param.name for param in api.params if param.extension}
    imitated = target.__module__.startswith("opsbridge")
    keywords = {k: v for k, v in call.keywords.items() if imitated or k not in extensions}
    returned = operator(*given, **keywords)
    values = returned if isinstance(returned, tuple) else (returned,)
    results = {}
    for value, given_back in zip(api.returns, values, strict=True):
        if not value.ends:
            results[value.output] = _to_array(given_back)
            continue
        results[value.output] = np.concatenate([_to_array(part) for part in given_back])
        results[value.ends] = np.cumsum([len(part) for part in given_back])
    return results


def _to_array(value: Any) -> Any:
    return value.asnumpy() if hasattr(value, "asnumpy") else np.asarray(value)
