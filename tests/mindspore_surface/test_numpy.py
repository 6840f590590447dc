"""`mindspore.numpy`: every call gives the values, shapes and dtypes that MindSpore's gives."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from real_frameworks import MINDSPORE_MISSING

pytest.importorskip("torch", reason="the surface computes with PyTorch")

from opsbridge.errors import ArgumentError
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
    "hyperbolic-back": lambda mnp, x, n: (mnp.arccosh(x + 3), mnp.arcsinh(x), mnp.arctanh(x / 4)),
    "signs": lambda mnp, x, n: (mnp.signbit(x), mnp.positive(x), mnp.copysign(x, -x + 0.1)),
    "infinite": lambda mnp, x, n: (mnp.isneginf(x / 0), mnp.isposinf(x / 0), mnp.radians(x)),
    "bits": lambda mnp, x, n: (mnp.bitwise_or(n, n[0]), mnp.bitwise_xor(n, 3), mnp.invert(n)),
    "not": lambda mnp, x, n: (mnp.bitwise_not(n), mnp.copy(x)),
    "divisors": lambda mnp, x, n: (mnp.gcd(n, 4), mnp.lcm(n, 4)),
    "steps": lambda mnp, x, n: mnp.heaviside(x, x[0]),
    "sums-of-exponentials": lambda mnp, x, n: (mnp.logaddexp(x, x[0]), mnp.logaddexp2(x, x[1])),
    "powers": lambda mnp, x, n: (mnp.float_power(x + 2, x), mnp.matrix_power(x[:, :3], 2)),
    "powers-of-numbers": lambda mnp, x, n: (mnp.power(x, 2), mnp.power(n, -1), mnp.power(2, n)),
    "powers-of-arrays": lambda mnp, x, n: (mnp.power(n, n), mnp.power(x + 2, [0.5, 1, 2, -1])),
    "where": lambda mnp, x, n: mnp.where(x > 0, x, -1.0),
    "where-not-0": lambda mnp, x, n: [
        mnp.where(condition.astype(dtype), x, -x)
        for condition in (n.reshape(6)[:4] - 2, n[0, 0])
        for dtype in (mnp.int32, mnp.int64, mnp.uint8, mnp.float32, mnp.float16, mnp.bool_)
    ],
    "where-not-a-number": lambda mnp, x, n: mnp.where((x - x[0]) / (x - x[0]), x, n[0, 0]),
    "where-of-lists": lambda mnp, x, n: (mnp.where([2, 0, -1, 0], x, x[0]), mnp.where(0, 1, 2.0)),
    "kron": lambda mnp, x, n: mnp.kron(x, n),
    "diagonals": lambda mnp, x, n: (mnp.diagonal(x, 1), mnp.diagflat(x[0], -1), mnp.trace(x)),
    "traces": lambda mnp, x, n: (mnp.trace(n, 1), mnp.trace(x[None], 0, 1, 2)),
    "columns": lambda mnp, x, n: mnp.column_stack((x[0], x[1], x.T)),
    "at-least": lambda mnp, x, n: (mnp.atleast_1d(x[0, 0]), mnp.atleast_2d(x[0], n)),
    "at-least-3d": lambda mnp, x, n: (mnp.atleast_3d(x[0]), mnp.atleast_3d(x)),
    "parts": lambda mnp, x, n: (mnp.hsplit(x, 2), mnp.vsplit(x, [1]), mnp.dsplit(x[None], 2)),
    "take-along": lambda mnp, x, n: mnp.take_along_axis(x, n[:1, :2], 1),
    "take-along-row": lambda mnp, x, n: mnp.take_along_axis(x, n[0], None),
    "tri": lambda mnp, x, n: (mnp.tri(3), mnp.tri(2, 4, 1, dtype=mnp.int32)),
    "places-of-triangles": lambda mnp, x, n: (mnp.tril_indices(3, -1), mnp.triu_indices(2, 0, 3)),
    "around": lambda mnp, x, n: (mnp.around(x, 1), mnp.around(x * 3), mnp.round(x, decimals=0)),
    "average": lambda mnp, x, n: (mnp.average(x), mnp.average(x, 0), mnp.average(x, 1, x[0] + 2)),
    "averages": lambda mnp, x, n: mnp.average(x, weights=x + 2, returned=True),
    "bincount": lambda mnp, x, n: (mnp.bincount(n[0]), mnp.bincount(n[1], x[0, :3], 6)),
    "bincount-length": lambda mnp, x, n: mnp.bincount(n[1] - 2, length=2),
    "broadcast": lambda mnp, x, n: mnp.broadcast_arrays(x, x[0], n[0, 0]),
    "cross": lambda mnp, x, n: (mnp.cross(x[:, :3], x[:, 1:]), mnp.cross(x.T, x.T, axis=1)),
    "cross-flat": lambda mnp, x, n: (mnp.cross(x[:, :2], x[:, 2:]), mnp.cross(x[:, :2], x[:, 1:])),
    "cumprod": lambda mnp, x, n: (mnp.cumprod(x), mnp.cumprod(n, 1), mnp.cumprod(x, axis=0)),
    "diagonal-places": lambda mnp, x, n: (mnp.diag_indices(3), mnp.diag_indices(2, 3)),
    "diff": lambda mnp, x, n: (mnp.diff(x), mnp.diff(n, 1, 0), mnp.diff(x, 2)),
    "diff-with-ends": lambda mnp, x, n: mnp.diff(x, prepend=x[:, :1], append=x[:, 1:3]),
    "digitize": lambda mnp, x, n: (mnp.digitize(x, [-0.5, 0, 1]), mnp.digitize(x, [1, 0, -0.5])),
    "digitize-right": lambda mnp, x, n: mnp.digitize(n, [1, 2], right=True),
    "divmod": lambda mnp, x, n: (mnp.divmod(x, 0.7), mnp.divmod(n, 2)),
    "histogram": lambda mnp, x, n: (mnp.histogram(x, 4), mnp.histogram(x, [-1, 0, 1.2])),
    "histogram-in-range": lambda mnp, x, n: mnp.histogram(x, 3, (-0.5, 0.7), density=True),
    "histogram-weights": lambda mnp, x, n: mnp.histogram(x, 3, weights=x + 2),
    "is-in": lambda mnp, x, n: (mnp.isin(n, [1, 3]), mnp.in1d(n, n[0], invert=True)),
    "indices": lambda mnp, x, n: (mnp.indices((2, 3)), mnp.indices((3, 1), mnp.float32, True)),
    "interp": lambda mnp, x, n: mnp.interp(x, [-0.5, 0.1, 0.9], [3, 1, 2]),
    "interp-ends": lambda mnp, x, n: mnp.interp(x[0], x[1] * 0 + mnp.arange(4), x[2], -9, 9.5),
    "open-grid": lambda mnp, x, n: mnp.ix_(n[0], n[1]),
    "nan": lambda mnp, x, n: (mnp.nanmax(x / x), mnp.nanmin(x, 0), mnp.nansum(x, 1)),
    "nan-means": lambda mnp, x, n: (mnp.nanmean(x), mnp.nanvar(x, 0), mnp.nanstd(x, 1, ddof=1)),
    "nan-kept": lambda mnp, x, n: (mnp.nanmax(x, 1, keepdims=True), mnp.nanmean(n, axis=0)),
    "norm": lambda mnp, x, n: (mnp.norm(x), mnp.norm(x, axis=1), mnp.norm(x, 1, axis=0)),
    "norm-of-matrices": lambda mnp, x, n: mnp.norm(x[None], "fro", axis=(1, 2), keepdims=True),
    "pad": lambda mnp, x, n: (mnp.pad(x, 1), mnp.pad(x, ((1, 0), (0, 2)), constant_values=3)),
    "pad-more": lambda mnp, x, n: [
        mnp.pad(x, ((1, 2), (0, 3)), mode) for mode in ("edge", "reflect", "symmetric", "wrap")
    ],
    "ptp": lambda mnp, x, n: (mnp.ptp(x), mnp.ptp(x, 1), mnp.ptp(x, axis=0, keepdims=True)),
    "unravel": lambda mnp, x, n: mnp.unravel_index(n, (2, 3)),
    "searchsorted": lambda mnp, x, n: mnp.searchsorted([0, 0.2, 1], x),
    "searchsorted-right": lambda mnp, x, n: mnp.searchsorted(n[0] * 0 + mnp.arange(3), n, "right"),
    "select": lambda mnp, x, n: mnp.select([x > 0.5, x > 0], [x, -x], 7),
    "trapz": lambda mnp, x, n: (mnp.trapz(x), mnp.trapz(n, dx=0.5, axis=0)),
    "trapz-places": lambda mnp, x, n: mnp.trapz(x[0], x[1]),
    "vander": lambda mnp, x, n: (mnp.vander(x[0]), mnp.vander(x[0], 2, True)),
    "empty-like": lambda mnp, x, n: mnp.empty_like(x, shape=(0, 3)),
    "argwhere": lambda mnp, x, n: mnp.argwhere(n - 2),
    "equal": lambda mnp, x, n: (mnp.array_equal(x, x), mnp.array_equal(x, n)),
    "equal-nan": lambda mnp, x, n: mnp.array_equal(x / 0 * 0, x / 0 * 0, equal_nan=True),
}


def arrays(result: Any) -> list[Any]:
    """What a call returned, one after the other."""
    if isinstance(result, tuple | list):
        return [array for each in result for array in arrays(each)]
    return [result.asnumpy() if hasattr(result, "asnumpy") else np.asarray(result)]


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


def test_draws() -> None:
    mnp = module_of("mindspore.numpy")
    for made in (mnp.rand(40, 50), mnp.rand((40, 50), dtype=mnp.float64)):
        assert made.shape == (40, 50)
        assert made.asnumpy().mean() == pytest.approx(0.5, abs=0.05)
    assert mnp.randn(3000).asnumpy().std() == pytest.approx(1, abs=0.1)
    drawn = mnp.randint(2, 5, (3000,))
    assert (drawn.dtype, set(drawn.asnumpy())) == (mnp.int32, {2, 3, 4})
    assert mnp.randint(3).asnumpy()[0] in (0, 1, 2)
    assert (mnp.size(drawn), mnp.size(drawn, 0)) == (3000, 3000)


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda mnp, x: mnp.around(x, -1), "decimals is -1"),
        (lambda mnp, x: mnp.average(x, None, x[0]), "weights must have the shape of x"),
        (lambda mnp, x: mnp.cross(x, x), "the axes have lengths"),
        (lambda mnp, x: mnp.searchsorted(x[0], x, "middle"), "side is 'middle'"),
        (lambda mnp, x: mnp.pad(x, 1, "mean"), "mode is 'mean'"),
        (lambda mnp, x: mnp.pad(x, 1, constant_values=((1, 2), (3, 4))), "must be one number"),
        (lambda mnp, x: mnp.unravel_index(x, (2, 3), "F"), "order is 'F'"),
        (lambda mnp, x: mnp.randint(5, 5), "minval is 5, maxval is 5"),
    ],
)
def test_what_is_refused(use: Callable[[Any, Any], Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        use(module_of("mindspore.numpy"), module_of("mindspore").Tensor(X))


def test_constants() -> None:
    mnp = module_of("mindspore.numpy")
    assert (mnp.pi, mnp.inf) == (math.pi, math.inf)
    assert math.isnan(mnp.nan)


def test_areas_of_float64_are_float32() -> None:
    mnp, tensor = module_of("mindspore.numpy"), module_of("mindspore").Tensor
    narrow = mnp.trapz(tensor(X[0]), tensor(X[1]))
    wide = mnp.trapz(*(tensor(row.astype(np.float64)) for row in X[:2]))
    assert (narrow.dtype, wide.dtype) == (mnp.float32, mnp.float32)
    np.testing.assert_array_equal(wide.asnumpy(), narrow.asnumpy())
