"""`mindspore.numpy`: every call gives the values, shapes and dtypes that MindSpore's gives."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from real_frameworks import MINDSPORE_MISSING

pytest.importorskip("torch", reason="the surface computes with PyTorch")

from opsbridge.mindspore.names import module_of

X = (np.random.default_rng(4).permutation(12).reshape(3, 4) / 5 - 1).astype(np.float32)
INTS = np.array([[2, 1, 2], [3, 1, 2]], np.int32)


def makers(mnp: Any, x: Any) -> list[Callable[[type], Any]]:
    """The functions that make arrays of a dtype."""
    return [
        lambda dtype: mnp.ones((2,), dtype),
        lambda dtype: mnp.zeros((2,), dtype),
        lambda dtype: mnp.full((2,), 1, dtype),
        lambda dtype: mnp.eye(2, dtype=dtype),
        lambda dtype: mnp.identity(2, dtype),
        lambda dtype: mnp.linspace(0, 2, 3, dtype=dtype),
        lambda dtype: mnp.array([1, 2], dtype),
        lambda dtype: mnp.asarray([1, 2], dtype),
        lambda dtype: mnp.ones_like(x, dtype),
        lambda dtype: mnp.zeros_like(x, dtype),
    ]


CALLS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "array-of-ints": lambda mnp, x, n: mnp.array([[1, 2], [3, 4]]),
    "array-of-floats": lambda mnp, x, n: mnp.array([1.5, 2]),
    "array-of-a-number": lambda mnp, x, n: (mnp.array(3), mnp.array(2.5), mnp.array(True)),
    "array-of-tensors": lambda mnp, x, n: mnp.array([x[0], x[1]]),
    "array-of-a-tensor": lambda mnp, x, n: (mnp.array(n), mnp.array(x, ndmin=4)),
    "array-with-dtype": lambda mnp, x, n: mnp.array([1, 2], mnp.float32),
    "asarray": lambda mnp, x, n: (mnp.asarray([1, 2]), mnp.asarray(2.5), mnp.asarray(n)),
    "full": lambda mnp, x, n: (mnp.full((2, 3), 4), mnp.full(2, 1.5), mnp.full((2, 4), x[0])),
    "full-with-dtype": lambda mnp, x, n: mnp.full((2,), 3, mnp.float32),
    "types-of-python": lambda mnp, x, n: [
        make(dtype) for dtype in (int, float, bool) for make in makers(mnp, x)
    ],
    "arange-of-types-of-python": lambda mnp, x, n: [
        mnp.arange(2, dtype=dtype) for dtype in (int, float, bool)
    ],
    "cumsum": lambda mnp, x, n: (mnp.cumsum(x), mnp.cumsum(x, 1), mnp.cumsum(n, axis=0)),
    "cumsum-of-bools": lambda mnp, x, n: mnp.cumsum(x > 0, 0),
    "meshgrid": lambda mnp, x, n: mnp.meshgrid(x[0], x[:, 1]),
    "meshgrid-by-matrix": lambda mnp, x, n: mnp.meshgrid(x[0], n[0], indexing="ij"),
    "count_nonzero": lambda mnp, x, n: (mnp.count_nonzero(n - 1), mnp.count_nonzero(n - 1, 1)),
    "append": lambda mnp, x, n: (mnp.append(x, x[0]), mnp.append(x, x[:1], axis=0)),
    "rollaxis": lambda mnp, x, n: (mnp.rollaxis(x[None], 2), mnp.rollaxis(x[None], 0, 3)),
    "moveaxis": lambda mnp, x, n: mnp.moveaxis(x[None], 0, 2),
    "take": lambda mnp, x, n: (mnp.take(x, n), mnp.take(x, n[0], axis=1)),
    "take-wraps": lambda mnp, x, n: mnp.take(x, n * 7, mode="wrap"),
    "std": lambda mnp, x, n: (mnp.std(x), mnp.std(x, 1, 1), mnp.std(x, axis=0, keepdims=True)),
    "var": lambda mnp, x, n: (mnp.var(x), mnp.var(x, (0, 1)), mnp.var(x, axis=1, ddof=1)),
    "triangles": lambda mnp, x, n: (mnp.triu(x), mnp.triu(x, 1), mnp.tril(x, -1)),
    "diag": lambda mnp, x, n: (mnp.diag(x[0]), mnp.diag(x, 1)),
    "inner": lambda mnp, x, n: mnp.inner(x[0], x[1]),
    "outer": lambda mnp, x, n: mnp.outer(x, x[:2]),
    "flips": lambda mnp, x, n: (mnp.flipud(x), mnp.fliplr(x), mnp.rot90(x), mnp.rot90(x, 3)),
    "dstack": lambda mnp, x, n: mnp.dstack((x, x)),
    "isclose": lambda mnp, x, n: mnp.isclose(x, x + 1e-9),
    "unique": lambda mnp, x, n: mnp.unique(n, return_inverse=True),
    "unique-values": lambda mnp, x, n: mnp.unique(n),
    "rounding": lambda mnp, x, n: (mnp.rint(x), mnp.fix(x), mnp.trunc(x), mnp.sign(x)),
    "logarithms": lambda mnp, x, n: (mnp.log2(x * x), mnp.log10(x * x + 1), mnp.log1p(x * x)),
    "exponentials": lambda mnp, x, n: (mnp.exp2(x), mnp.expm1(x), mnp.negative(x)),
    "angles": lambda mnp, x, n: (mnp.tan(x), mnp.arcsin(x / 2), mnp.arccos(x / 2), mnp.arctan(x)),
    "hyperbolic": lambda mnp, x, n: (mnp.sinh(x), mnp.cosh(x), mnp.deg2rad(x), mnp.rad2deg(x)),
    "of-two": lambda mnp, x, n: (mnp.arctan2(x, x[0]), mnp.hypot(x, x[0]), mnp.reciprocal(x + 9)),
    "division": lambda mnp, x, n: (mnp.mod(x, 0.7), mnp.remainder(x, 0.7), mnp.fmod(x, 0.7)),
    "whole-division": lambda mnp, x, n: (mnp.floor_divide(x, 0.7), mnp.true_divide(n, 2)),
    "comparisons": lambda mnp, x, n: (mnp.equal(n, 2), mnp.greater(x, 0), mnp.less(n, n[0])),
    "more-comparisons": lambda mnp, x, n: (mnp.not_equal(n, n[0]), mnp.greater_equal(n, n[0])),
    "logic": lambda mnp, x, n: (mnp.logical_xor(x > 0, x > 1), mnp.bitwise_and(n, n[0])),
    "finite": lambda mnp, x, n: (mnp.isfinite(x), mnp.isinf(x / 0)),
}


def arrays(result: Any) -> list[Any]:
    """What a call returned, one after the other."""
    if isinstance(result, tuple | list):
        return [array for each in result for array in arrays(each)]
    return [result.asnumpy()]


@pytest.mark.parametrize("name", CALLS)
def test_call_is_mindspores(name: str) -> None:
    ms = pytest.importorskip("mindspore", reason=MINDSPORE_MISSING)
    results = []
    for mnp, tensor in (
        (module_of("mindspore.numpy"), module_of("mindspore").Tensor),
        (__import__("mindspore.numpy").numpy, ms.Tensor),
    ):
        results.append(CALLS[name](mnp, tensor(X), tensor(INTS)))
    ours, theirs = results
    assert isinstance(ours, type(theirs)) or not isinstance(theirs, tuple | list)
    assert [(e.shape, e.dtype) for e in arrays(ours)] == [
        (e.shape, e.dtype) for e in arrays(theirs)
    ]
    for one, other in zip(arrays(ours), arrays(theirs), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_constants() -> None:
    mnp = module_of("mindspore.numpy")
    assert (mnp.pi, mnp.inf) == (math.pi, math.inf)
    assert math.isnan(mnp.nan)
