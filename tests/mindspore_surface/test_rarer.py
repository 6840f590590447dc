"""Rarer operators and functions give what the real MindSpore gives: values, dtypes, shapes."""

from __future__ import annotations

import numpy as np
import pytest
from rarer_calls import CALLS, names, plain
from rarest_calls import RAREST

pytest.importorskip("torch", reason="the surface computes with PyTorch")
mindspore = pytest.importorskip("mindspore", reason="compares with the real MindSpore")

from opsbridge import mindspore as surface  # noqa: E402
from opsbridge.errors import ArgumentError  # noqa: E402


@pytest.mark.parametrize("call", [*CALLS, *RAREST])
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
        ("ops.Conv3D(2, 2, data_format='NDHWC')(image, image)", "data_format"),
        ("ops.conv3d(image, image, pad_mode='full')", "pad_mode"),
        ("ops.avg_pool3d(image, 2, 1, (0, 1, 0, 0, 0, 0))", "padding is"),
        ("ops.MaxUnpool2D(2, data_format='NHWC')(image, image)", "data_format"),
        ("ops.batch_dot(x, y, 0)", "axes is 0"),
        ("ops.hinge_embedding_loss(x, y, 1.0, 'total')", "reduction"),
        ("ops.TensorScatterElements(0, 'mul')(x, whole[:, :2] // 4, y[:2, :2])", "reduction"),
    ],
)
def test_a_setting_that_is_not_covered_is_refused(call: str, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        eval(call, {"ops": surface.ops, **names(surface.Tensor)})


def test_operators_without_a_kernel_are_numpys() -> None:
    """MindSpore 2.10 has none of them on CPU, or refuses some calls after others: bucketize."""
    given = names(surface.Tensor)
    x, whole, odd = (given[name].asnumpy() for name in ("x", "whole", "odd"))
    ops = surface.ops
    found = {
        "take": (ops.take(given["x"], given["whole"]), x.reshape(-1)[whole]),
        "fmin": (ops.fmin(given["odd"], given["y"]), np.fmin(odd, given["y"].asnumpy())),
        "Fmin": (ops.Fmin()(given["odd"], given["y"]), np.fmin(odd, given["y"].asnumpy())),
        "fills": (ops.fills(given["whole"], 3), np.full_like(whole, 3)),
        "Fills": (ops.Fills()(given["x"], surface.Tensor(2.0)), np.full_like(x, 2)),
        "embedding": (ops.embedding(given["whole"] % 3, given["x"]), x[whole % 3]),
        "left": (ops.bucketize(given["x"], [1, 4, 6]), np.digitize(x, [1, 4, 6], True)),
        "right": (ops.bucketize(given["whole"], [1, 4], right=True), np.digitize(whole, [1, 4])),
    }
    for name, (ours, expected) in found.items():
        np.testing.assert_array_equal(ours.asnumpy(), expected, err_msg=name)
    assert ops.bucketize(given["x"], [1]).dtype == surface.int32


def test_singular_vectors_are_right_up_to_their_signs() -> None:
    x = names(surface.Tensor)["x"].asnumpy()
    values, left, right = (each.asnumpy() for each in surface.ops.svd(surface.Tensor(x)))
    np.testing.assert_allclose(left * values @ right.T, x, atol=1e-4)
    q, r = (each.asnumpy() for each in surface.ops.qr(surface.Tensor(x)))
    np.testing.assert_allclose(q @ r, x, atol=1e-4)


def test_draws_are_as_often_as_their_shares() -> None:
    ops, tensor = surface.ops, surface.Tensor
    zeros = tensor(np.zeros((50, 40), np.float32))
    shares = tensor(np.float32([[0.1, 0.2, 0.7]]))
    ones = tensor(np.ones((50, 40, 2, 3), np.float32))
    volumes = tensor(np.ones((50, 40, 2, 3, 1), np.float32))
    assert ops.bernoulli(zeros, 0.3).asnumpy().mean() == pytest.approx(0.3, abs=0.05)
    for drawn in (ops.multinomial(shares, 3000), ops.Multinomial()(shares, 3000)):
        assert drawn.dtype == surface.int32
        counted = np.bincount(drawn.asnumpy()[0]) / 3000
        np.testing.assert_allclose(counted, [0.1, 0.2, 0.7], atol=0.05)
    once = ops.multinomial(shares, 3, replacement=False).asnumpy()
    assert sorted(once[0]) == [0, 1, 2]
    drawn = ops.randint(2, 5, (3000,))
    assert (drawn.dtype, set(drawn.asnumpy())) == (surface.int64, {2, 3, 4})
    assert ops.randint(0, 2, (2,), dtype=surface.int32).dtype == surface.int32
    order = ops.randperm(9, seed=4)
    assert sorted(order.asnumpy()) == list(range(9))
    np.testing.assert_array_equal(order.asnumpy(), ops.randperm(9, seed=4).asnumpy())
    for mixed in (ops.shuffle(drawn), ops.RandomShuffle(seed=3)(drawn)):
        assert sorted(mixed.asnumpy()) == sorted(drawn.asnumpy())
    assert ops.rand_like(zeros).asnumpy().mean() == pytest.approx(0.5, abs=0.05)
    assert ops.randn_like(zeros, dtype=surface.float64).asnumpy().std() == pytest.approx(1, abs=0.1)
    for dropped in (ops.dropout2d(ones, 0.4), ops.dropout3d(volumes, 0.4)):
        assert (dropped.asnumpy() == 0).mean() == pytest.approx(0.4, abs=0.05)
    assert (ops.dropout1d(ones[0], 0.5).asnumpy().std(axis=-1) == 0).all()
    for kept, mask in (ops.Dropout2D(0.6)(ones), ops.Dropout3D(keep_prob=0.6)(volumes)):
        assert mask.asnumpy().mean() == pytest.approx(0.6, abs=0.05)
        np.testing.assert_allclose(kept.asnumpy(), mask.asnumpy() / 0.6, rtol=1e-6)


@pytest.mark.parametrize("name", ["rand", "randn"])
def test_a_drawn_tensor_has_the_shape_and_dtype_that_mindspore_gives_it(name: str) -> None:
    sizes = ((), (2,), ((2, 3),), ([2, 3],), (2, 3), ((),))
    drawn = [
        [getattr(ms.ops, name)(*size, dtype=dtype) for size in sizes for dtype in dtypes]
        for ms in (surface, mindspore)
        for dtypes in [(None, ms.float16, ms.float64)]
    ]
    for one, other in zip(*drawn, strict=True):
        assert one.shape == other.shape
        assert one.asnumpy().dtype == other.asnumpy().dtype
    draw = getattr(surface.ops, name)
    np.testing.assert_array_equal(draw(9, seed=4).asnumpy(), draw(9, seed=4).asnumpy())
    many = draw(100, 100).asnumpy()
    middle, spread = (0.5, 12**-0.5) if name == "rand" else (0, 1)
    assert (many.mean(), many.std()) == pytest.approx((middle, spread), abs=0.05)


@pytest.mark.parametrize("name", ["rand", "randn"])
def test_what_cannot_be_drawn_is_refused_as_by_mindspore(name: str) -> None:
    for ms in (surface, mindspore):
        draw = getattr(ms.ops, name)
        with pytest.raises(TypeError, match=r"size|shape"):
            draw((2,), 3)
        with pytest.raises(ValueError, match="dtype"):
            draw(2, dtype=ms.int32)


def test_segments_without_slices_are_as_the_real_ones() -> None:
    for ms in (surface, mindspore):
        given = names(ms.Tensor)
        ids = ms.Tensor([0, 2, 2], ms.int32)
        found = [
            getattr(ms.ops, f"Segment{how}")()(given["x"], ids).asnumpy()[1, 0]
            for how in ("Sum", "Mean", "Max", "Min", "Prod")
        ]
        assert found == [0, 0, 0, 0, 1]
