"""Connectionist temporal classification, as the real MindSpore computes it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from real_frameworks import MINDSPORE_MISSING

torch = pytest.importorskip("torch", reason="the surface computes with PyTorch")

from opsbridge import mindspore as surface  # noqa: E402
from opsbridge.errors import ArgumentError  # noqa: E402

SCORES = np.random.default_rng(8).normal(size=(6, 2, 5)).astype(np.float32)
SHARES = SCORES - np.log(np.exp(SCORES).sum(-1, keepdims=True))
LABELS = np.array([[1, 2, 2], [3, 4, 0]], np.int32)
STEPS, LENGTHS = np.array([6, 5], np.int32), np.array([3, 2], np.int32)
PLACES = np.array([[0, 0], [0, 1], [1, 0]], np.int64)


def both(use: Any) -> tuple[Any, Any]:
    real = pytest.importorskip("mindspore", reason=MINDSPORE_MISSING)
    return use(surface), use(real)


def check_gradients(ours: Any, theirs: Any) -> None:
    """Steps behind the end of a sequence are 0; MindSpore's memory there is not written."""
    is_inside = np.arange(len(SCORES))[:, None] < STEPS
    np.testing.assert_allclose(ours[is_inside], theirs[is_inside], rtol=1e-4, atol=1e-6)
    assert (~is_inside).any()
    assert (ours[~is_inside] == 0).all()


@pytest.mark.parametrize("settings", [{}, {"blank": 4, "reduction": "sum"}, {"reduction": "none"}])
def test_layer(settings: dict[str, Any]) -> None:
    labels = np.minimum(LABELS, 3) if settings.get("blank") else LABELS

    def use(ms: Any) -> Any:
        inputs = map(ms.Tensor, (SHARES, labels, STEPS, LENGTHS))
        return ms.nn.CTCLoss(**settings)(*inputs).asnumpy()

    ours, theirs = both(use)
    assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)


def test_layer_of_one_sequence() -> None:
    def use(ms: Any) -> Any:
        inputs = map(ms.Tensor, (SHARES[:, 0], LABELS[0], STEPS[:1], LENGTHS[:1]))
        return ms.nn.CTCLoss()(*inputs).asnumpy()

    ours, theirs = both(use)
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)


def test_operator() -> None:
    def use(ms: Any) -> Any:
        values = ms.Tensor(np.array([1, 2, 3], np.int32))
        inputs = ms.Tensor(SCORES), ms.Tensor(PLACES), values, ms.Tensor(STEPS)
        return [each.asnumpy() for each in ms.ops.CTCLoss()(*inputs)]

    ours, theirs = both(use)
    for one, other in zip(ours, theirs, strict=True):
        assert (one.shape, one.dtype) == (other.shape, other.dtype)
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-4)
    check_gradients(ours[1], theirs[1])


def test_operator_gives_gradients() -> None:
    def use(ms: Any) -> Any:
        values = ms.Tensor(np.array([1, 2, 3], np.int32))
        rest = ms.Tensor(PLACES), values, ms.Tensor(STEPS)
        return ms.grad(lambda x: ms.ops.CTCLoss()(x, *rest)[0].sum())(ms.Tensor(SCORES)).asnumpy()

    check_gradients(*both(use))


def test_labels_longer_than_their_sequence_are_left_out() -> None:
    inputs = map(surface.Tensor, (SCORES, PLACES, [1, 2, 3], np.array([1, 5], np.int32)))
    operator = surface.ops.CTCLoss(ignore_longer_outputs_than_inputs=True)
    loss = operator(*inputs)[0].asnumpy()
    shares = SHARES[0, 0, -1], SHARES[:5, 1]
    assert loss[0] == pytest.approx(-shares[0], rel=1e-5)
    whole = torch.nn.functional.ctc_loss(
        torch.tensor(shares[1]), torch.tensor([3]), torch.tensor(5), torch.tensor(1), blank=4
    )
    assert loss[1] == pytest.approx(float(whole), rel=1e-5)


def test_other_rules_are_refused() -> None:
    inputs = map(surface.Tensor, (SCORES, PLACES, [1, 2, 3], STEPS))
    with pytest.raises(ArgumentError, match="ctc_merge_repeated True"):
        surface.ops.CTCLoss(ctc_merge_repeated=False)(*inputs)


def test_sequences_longer_than_the_scores_are_refused() -> None:
    message = r"ctc_greedy_decoder: sequence_length is \[6, 7\]; all must be at most 6"
    with pytest.raises(ArgumentError, match=message):
        surface.ops.ctc_greedy_decoder(
            surface.Tensor(SCORES), surface.Tensor(STEPS + np.array([0, 2], np.int32))
        )
