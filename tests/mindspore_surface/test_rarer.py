"""Rarer operators and functions give what the real MindSpore gives: values, dtypes, shapes."""

from __future__ import annotations

import numpy as np
import pytest
from rarer_calls import CALLS, names, plain

pytest.importorskip("torch", reason="the surface computes with PyTorch")
mindspore = pytest.importorskip("mindspore", reason="compares with the real MindSpore")

from opsbridge import mindspore as surface  # noqa: E402
from opsbridge.errors import ArgumentError  # noqa: E402


@pytest.mark.parametrize("call", CALLS)
def test_call(call: str) -> None:
    ours, theirs = (
        plain(eval(call, {"ms": ms, "ops": ms.ops, "nn": ms.nn, **names(ms.Tensor)}))
        for ms in (surface, mindspore)
    )
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        assert type(one) is type(other)
        if not isinstance(other, np.ndarray):
            assert one == other
            continue
        assert (one.shape, one.dtype) == (other.shape, other.dtype)
        np.testing.assert_allclose(one, other, rtol=2e-5, atol=2e-6)


def test_statistics_move_as_the_real_ones() -> None:
    moved = []
    for ms in (surface, mindspore):
        given = names(ms.Tensor)
        image, mean, variance = given["image"], given["v"].copy(), given["w"].copy()
        ms.ops.batch_norm(image, mean, variance, given["w"], given["v"], training=True)
        moved.append((mean.asnumpy(), variance.asnumpy()))
    np.testing.assert_allclose(moved[0], moved[1], rtol=1e-5)


def test_lengths_beyond_the_sequence_are_refused() -> None:
    given = names(surface.Tensor)
    with pytest.raises(ArgumentError, match=r"seq_lengths is \[2, 3, 1\]; all must be in \[0, 2\]"):
        surface.ops.reverse_sequence(given["x"][:, :2], given["lengths"], 1)


@pytest.mark.parametrize(("shifts", "axes"), [(1, None), ((1, -2), (0, 1)), (3, 1)])
def test_roll_is_numpys(shifts: object, axes: object) -> None:
    """MindSpore 2.10 has no kernel of it on CPU."""
    x = np.random.default_rng(5).normal(size=(3, 4)).astype(np.float32)
    rolled = surface.ops.Roll(shifts, axes)(surface.Tensor(x)).asnumpy()
    np.testing.assert_array_equal(rolled, np.roll(x, shifts, axes))


def test_gumbel_softmax_draws_classes_as_often_as_their_shares() -> None:
    logits = surface.Tensor(np.log(np.tile(np.float32([0.1, 0.2, 0.7]), (4000, 1))))
    drawn = surface.ops.gumbel_softmax(logits, tau=0.5, hard=True).asnumpy()
    assert set(np.unique(drawn)) == {0, 1}
    np.testing.assert_array_equal(drawn.sum(1), 1)
    np.testing.assert_allclose(drawn.mean(0), [0.1, 0.2, 0.7], atol=0.05)
    soft = surface.ops.gumbel_softmax(logits, dim=0).asnumpy()
    np.testing.assert_allclose(soft.sum(0), 1, rtol=1e-4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("ops.MaxPoolWithArgmax(data_format='NHWC')(image)", "data_format"),
        ("ops.MaxPoolWithArgmax(pad_mode='full')(image)", "pad_mode"),
        ("ops.LRN(norm_region='WITHIN_CHANNEL')(image)", "norm_region"),
        ("ops.TensorScatterElements(0, 'mul')(x, whole[:, :2] // 4, y[:2, :2])", "reduction"),
    ],
)
def test_a_setting_that_is_not_covered_is_refused(call: str, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        eval(call, {"ops": surface.ops, **names(surface.Tensor)})
