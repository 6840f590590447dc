"""MindSpore 2's names of axes (`dim`, `keepdim`, `index`) beside those of MindSpore 1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="the surface computes with PyTorch")
mindspore = pytest.importorskip("mindspore", reason="compares with the real MindSpore")

from opsbridge import mindspore as surface  # noqa: E402

X = np.array([[0, 1, 4], [9, 16, 2.5]], np.float32)
PLACES = np.array([[2], [1]], np.int64)
CALLS: dict[str, Callable[[Any, Any], Any]] = {
    "argmax": lambda ms, x: x.argmax(dim=1),
    "argmin-keepdim": lambda ms, x: x.argmin(dim=0, keepdim=True),
    "argsort": lambda ms, x: x.argsort(dim=1),
    "sort": lambda ms, x: x.sort(dim=1, descending=True),
    "std": lambda ms, x: x.std(dim=1, keepdim=True),
    "split": lambda ms, x: x.split(2, dim=1),
    "max-axis": lambda ms, x: x.max(axis=1),
    "max-dim": lambda ms, x: x.max(dim=1),
    "min-dim": lambda ms, x: x.min(dim=0, keepdim=True),
    "sum-keepdims-by-place": lambda ms, x: x.sum(1, True),
    "gather-axis": lambda ms, x: x.gather(ms.Tensor(np.array([2, 0], np.int32)), 1),
    "gather-dim": lambda ms, x: x.gather(1, ms.Tensor(PLACES)),
    "gather-dim-by-name": lambda ms, x: x.gather(dim=1, index=ms.Tensor(PLACES)),
    "count_nonzero": lambda ms, x: ms.ops.count_nonzero(x),
    "count_nonzero-axis": lambda ms, x: ms.ops.count_nonzero(x, 1, True),
    "fliplr": lambda ms, x: ms.ops.fliplr(x),
    "flipud": lambda ms, x: ms.ops.flipud(x),
    "hstack": lambda ms, x: ms.ops.hstack((x, x)),
    "vstack": lambda ms, x: ms.ops.vstack((x, x)),
    "upsample": lambda ms, x: ms.ops.upsample(
        x[None, None], scale_factor=2.0, mode="nearest", recompute_scale_factor=True
    ),
}


def arrays(result: Any) -> list[np.ndarray[Any, Any]]:
    """All tensors of a result."""
    each = result if isinstance(result, tuple) else (result,)
    return [tensor.asnumpy() for tensor in each]


@pytest.mark.parametrize("name", CALLS)
def test_as_mindspore(name: str) -> None:
    ours, real = (arrays(CALLS[name](ms, ms.Tensor(X))) for ms in (surface, mindspore))
    assert [(each.shape, each.dtype) for each in ours] == [
        (each.shape, each.dtype) for each in real
    ]
    for mine, theirs in zip(ours, real, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=2e-5)


def test_a_summary_takes_its_value_and_gives_nothing() -> None:
    assert surface.ops.ScalarSummary()("loss", surface.Tensor(1.0)) is None
