"""Operators, functions and methods give what the real MindSpore gives: values, dtypes, shapes."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="the surface computes with PyTorch")
mindspore = pytest.importorskip("mindspore", reason="compares with the real MindSpore")

from ops_cases import FUNCTIONS, METHODS, NUMPY, PRIMITIVES, X  # noqa: E402

from opsbridge import mindspore as surface  # noqa: E402

DTYPES = ("float16", "float32", "int32", "int64", "bool_")


def made(module: Any, value: Any) -> Any:
    """An input as each of the two has it."""
    if isinstance(value, np.ndarray | np.generic):
        return module.Tensor(value)
    if isinstance(value, tuple) and any(isinstance(each, np.ndarray) for each in value):
        return tuple(made(module, each) for each in value)
    return getattr(module, value) if isinstance(value, str) and value in DTYPES else value


def results(value: Any) -> list[Any]:
    """All results as NumPy arrays, Python values as they are."""
    if isinstance(value, tuple | list):
        return [result for each in value for result in results(each)]
    return [value.asnumpy() if hasattr(value, "asnumpy") else value]


def run(module: Any, call: Any, args: Any, kwargs: Any) -> list[Any]:
    named = {key: made(module, value) for key, value in kwargs.items()}
    return results(call(*(made(module, value) for value in args), **named))


def compare(ours: list[Any], real: list[Any]) -> None:
    assert len(ours) == len(real)
    for mine, theirs in zip(ours, real, strict=True):
        if not isinstance(theirs, np.ndarray):
            assert mine == theirs
            continue
        assert (mine.shape, mine.dtype) == (theirs.shape, theirs.dtype)
        np.testing.assert_allclose(mine, theirs, rtol=2e-5, atol=2e-6)


def label(case: Any) -> str:
    return str(case[0])


@pytest.mark.parametrize("case", PRIMITIVES, ids=label)
def test_primitives(case: Any) -> None:
    name, settings, inputs = case
    ours = run(surface, getattr(surface.ops, name)(*settings), inputs, {})
    compare(ours, run(mindspore, getattr(mindspore.ops, name)(*settings), inputs, {}))


@pytest.mark.parametrize("case", FUNCTIONS, ids=label)
def test_functions(case: Any) -> None:
    name, inputs, more = case
    ours = run(surface, getattr(surface.ops, name), inputs, more)
    compare(ours, run(mindspore, getattr(mindspore.ops, name), inputs, more))


@pytest.mark.parametrize("case", NUMPY, ids=label)
def test_numpy(case: Any) -> None:
    name, inputs, more = case
    ours = run(surface, getattr(surface.numpy, name), inputs, more)
    compare(
        ours,
        run(mindspore, getattr(importlib.import_module("mindspore.numpy"), name), inputs, more),
    )


@pytest.mark.parametrize("case", METHODS, ids=label)
def test_methods(case: Any) -> None:
    name, inputs, more = case
    ours = run(surface, getattr(surface.Tensor(X), name), inputs, more)
    compare(ours, run(mindspore, getattr(mindspore.Tensor(X), name), inputs, more))


KEYS = [
    (slice(1, 3),),
    (slice(None, None, -1),),
    (Ellipsis, slice(None, None, 2)),
    (slice(None), slice(3, 0, -2)),
    (None, 1),
    (slice(0, 2), None),
    (-1,),
]


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_slices(key: Any) -> None:
    compare(results(surface.Tensor(X)[key]), results(mindspore.Tensor(X)[key]))


@pytest.mark.parametrize("places", [np.array([2, 0], np.int32), X[:, 0] > 0], ids=["ints", "mask"])
def test_tensors_as_keys(places: Any) -> None:
    ours = surface.Tensor(X)[surface.Tensor(places)]
    compare(results(ours), results(mindspore.Tensor(X)[mindspore.Tensor(places)]))


def test_relu_changes_its_input_where_that_is_asked_for() -> None:
    """MindSpore 2.10 has no kernel for it on a CPU."""
    x = surface.Tensor(np.float32([-1, 2]))
    assert surface.ops.relu(x).asnumpy().tolist() == [0, 2]
    assert x.asnumpy().tolist() == [-1, 2]
    assert surface.ops.relu(x, inplace=True) is not None
    assert x.asnumpy().tolist() == [0, 2]
