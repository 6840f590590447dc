"""Methods that PyTorch's tensors have with another meaning: the surface has MindSpore's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from real_frameworks import MINDSPORE_MISSING

pytest.importorskip("torch", reason="the surface computes with PyTorch")

from opsbridge import mindspore as surface
from opsbridge.mindspore.names import module_of

X = (np.random.default_rng(6).permutation(12).reshape(3, 4) / 4 - 1).astype(np.float32)
INTS = np.array([0, 2, 1, 2], np.int32)
IMAGES = np.arange(36, dtype=np.float32).reshape(1, 4, 3, 3)

CALLS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "addcmul": lambda x, n, images: x.addcmul(x, x[0], 2),
    "bincount": lambda x, n, images: n.bincount(),
    "bincount-of-weights": lambda x, n, images: n.bincount(x[0], 6),
    "count_nonzero": lambda x, n, images: x.count_nonzero(),
    "count_nonzero-along": lambda x, n, images: x.count_nonzero(axis=1, keep_dims=True),
    "cummin": lambda x, n, images: x.cummin(1),
    "diag": lambda x, n, images: x.diag(),
    "flatten": lambda x, n, images: images.flatten(),
    "flatten-columns-first": lambda x, n, images: images.flatten("F"),
    "flatten-columns-first-from": lambda x, n, images: images.flatten("F", start_dim=1),
    "flatten-from": lambda x, n, images: images.flatten(1),
    "flatten-between": lambda x, n, images: images.flatten(1, 2),
    "flatten-some": lambda x, n, images: images.flatten(start_dim=1, end_dim=2),
    "index_fill": lambda x, n, images: x.index_fill(1, n[:2], 9.0),
    "median": lambda x, n, images: x.median(),
    "median-along": lambda x, n, images: x.median(axis=0, keepdims=True),
    "unfold": lambda x, n, images: images.unfold(2),
    "unfold-padded": lambda x, n, images: images.unfold(2, 1, 1, 2),
}


def arrays(result: Any) -> list[Any]:
    """The results, one after the other."""
    return [each.asnumpy() for each in (result if isinstance(result, tuple) else (result,))]


@pytest.mark.parametrize("name", CALLS)
def test_method_is_mindspores(name: str) -> None:
    ms = pytest.importorskip("mindspore", reason=MINDSPORE_MISSING)
    ours, theirs = (
        arrays(CALLS[name](*map(tensor, (X, INTS, IMAGES))))
        for tensor in (module_of("mindspore").Tensor, ms.Tensor)
    )
    assert [(e.shape, e.dtype) for e in ours] == [(e.shape, e.dtype) for e in theirs]
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)


METHODS = [
    *(f"x.scatter_{how}(places, rows)" for how in ("sub", "max", "min", "mul", "div")),
    "rows.inv()",
    "whole.invert()",
    "square.matrix_determinant()",
    "x.reverse(axis=[0])",
    "x.reverse_sequence(lengths, 1)",
    "x.soft_shrink(0.4)",
    *(f"x.unsorted_segment_{how}(lengths - 2, 4)" for how in ("max", "min", "prod")),
    "x.xdivy(rows[0])",
    "x.approximate_equal(x + 0.5, 0.7)",
    "x.approximate_equal(x + 2e-6)",
    "x.fill_diagonal(9.0)",
    "x.inplace_update(rows, (0, 2))",
    "x.aminmax()",
    "x.aminmax(axis=1, keepdims=True)",
    "x.nanmedian()",
    "x.nanmedian(0, keepdims=True)",
    "x.diagonal(1)",
    "x[None].diagonal(offset=0, axis1=1, axis2=2)",
    "x.type(ms.int32)",
    "x.type('float16')",
]


@pytest.mark.parametrize("call", METHODS)
def test_a_rarer_method_is_the_real_one(call: str) -> None:
    found = []
    for ms in (surface, pytest.importorskip("mindspore", reason=MINDSPORE_MISSING)):
        rng = np.random.default_rng(6)
        given = {
            "x": rng.normal(size=(3, 4)).astype(np.float32),
            "rows": np.arange(1, 9, dtype=np.float32).reshape(2, 4),
            "square": rng.normal(size=(3, 3)).astype(np.float32),
            "whole": np.array([3, 0, 5], np.int32),
            "lengths": np.array([2, 4, 2], np.int32),
            "places": np.array([[2], [0]], np.int32),
        }
        result = eval(call, {"ms": ms, **{name: ms.Tensor(each) for name, each in given.items()}})
        found.append([each.asnumpy() for each in (result if type(result) is tuple else (result,))])
    for one, other in zip(*found, strict=True):
        assert (one.shape, one.dtype) == (other.shape, other.dtype)
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("side", ["left", "right"])
def test_searchsorted_is_numpys(side: str) -> None:
    """MindSpore 2.10 refuses some calls on CPU after others: it compares what it has not set."""
    line, values = np.float32([1, 2, 2, 5]), np.float32([[2, 0], [5, 7], [1, 3]])
    ours = surface.Tensor(line).searchsorted(surface.Tensor(values), side)
    assert ours.dtype == surface.int32
    np.testing.assert_array_equal(ours.asnumpy(), np.searchsorted(line, values, side))


def test_the_name_of_a_type() -> None:
    assert surface.Tensor([1.5]).type() == "Float32"
    assert surface.Tensor([1]).type() == "Int64"
