"""Bicubic resizing gives what MindSpore gives: both cubics, many sizes, up and down."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from real_frameworks import MINDSPORE_MISSING

torch = pytest.importorskip("torch", reason="the surface computes with PyTorch")

from opsbridge import mindspore as surface  # noqa: E402
from opsbridge.errors import ArgumentError  # noqa: E402

SHAPES = [(5, 6), (1, 7), (13, 4), (32, 20)]
SIZES = [(7, 9), (3, 4), (1, 1), (64, 40), (5, 17), (97, 3), (13, 20)]


def real() -> Any:
    return pytest.importorskip("mindspore", reason=MINDSPORE_MISSING)


def image(shape: tuple[int, int], dtype: Any = np.float32) -> Any:
    return np.random.default_rng(shape).normal(size=(2, 3, *shape)).astype(dtype)


def compare(use: Any, x: Any) -> None:
    ours = use(surface, surface.Tensor(x)).asnumpy()
    theirs = use(real(), real().Tensor(x)).asnumpy()
    assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
    # MindSpore rounds half precision where it adds, too: the last place.
    rtol, atol = (1e-3, 1e-3) if theirs.dtype == np.float16 else (1e-5, 2e-6)
    np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=atol)


@pytest.mark.parametrize("aligned", [None, False, True])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_sizes(shape: tuple[int, int], aligned: bool | None) -> None:
    for size in [*SIZES, shape]:
        settings = {"size": size, "mode": "bicubic", "align_corners": aligned}
        compare(lambda ms, x, s=settings: ms.ops.interpolate(x, **s), image(shape))


@pytest.mark.parametrize(
    "settings",
    [
        {"size": 8},
        {"scale_factor": 1.7, "recompute_scale_factor": True},
        {"scale_factor": (1.5, 2.0), "recompute_scale_factor": True},
    ],
    ids=str,
)
def test_other_ways_to_say_the_size(settings: dict[str, Any]) -> None:
    compare(lambda ms, x: ms.ops.interpolate(x, mode="bicubic", **settings), image((5, 6)))
    compare(lambda ms, x: ms.nn.Upsample(mode="bicubic", **settings)(x), image((5, 6)))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("rule", [(False, False), (True, False), (False, True)])
def test_operator(rule: tuple[bool, bool], dtype: Any) -> None:
    x = image((5, 6), dtype)
    compare(lambda ms, x: ms.ops.ResizeBicubic(*rule)(x, ms.Tensor([9, 4], ms.int32)), x)
    compare(lambda ms, x: ms.ops.ResizeBicubic(*rule)(x, (3, 11)), x)


def test_gradient() -> None:
    weights = image((9, 4))

    def derive(ms: Any, x: Any) -> Any:
        size = ms.Tensor(weights)
        return ms.grad(lambda x: (ms.ops.interpolate(x, (9, 4), mode="bicubic") * size).sum())(x)

    compare(derive, image((5, 6)))


@pytest.mark.parametrize(("rule", "size"), [((True, True), (3, 4)), ((True, False), (0, 4))])
def test_what_is_refused(rule: tuple[bool, bool], size: tuple[int, int]) -> None:
    with pytest.raises(ArgumentError, match=r"ResizeBicubic: .* must be"):
        surface.ops.ResizeBicubic(*rule)(surface.Tensor(image((5, 6))), size)
