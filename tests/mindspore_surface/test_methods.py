"""Methods that PyTorch's tensors have with another meaning: the surface has MindSpore's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from real_frameworks import MINDSPORE_MISSING

pytest.importorskip("torch", reason="the surface computes with PyTorch")

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
