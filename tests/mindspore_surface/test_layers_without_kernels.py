"""Layers that MindSpore cannot run on CPU, or takes tuples for, against PyTorch's own."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the surface computes with PyTorch")

from opsbridge.alias import NotCovered  # noqa: E402
from opsbridge.mindspore import as_mindspore, nn, ops  # noqa: E402


def normal(*shape: int) -> Any:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


@pytest.mark.parametrize(
    ("axes", "shape"), [(1, (2, 3, 7)), (2, (2, 3, 4, 5)), (3, (2, 3, 2, 4, 3))]
)
def test_instance_norm(axes: int, shape: tuple[int, ...]) -> None:
    ours = getattr(nn, f"InstanceNorm{axes}d")(3, eps=1e-3)
    theirs = getattr(torch.nn, f"InstanceNorm{axes}d")(3, eps=1e-3, affine=True)
    assert [each.name for each in ours.get_parameters()] == ["gamma", "beta"]
    with torch.no_grad():
        for mine, other in ((ours.gamma, theirs.weight), (ours.beta, theirs.bias)):
            other.copy_(normal(3))
            mine.copy_(other)
    x = normal(*shape)
    assert torch.equal(ours(x).as_subclass(torch.Tensor), theirs(x))


def test_a_step_of_an_lstm_is_a_step_of_the_whole() -> None:
    step, whole = nn.LSTMCell(3, 5), nn.LSTM(3, 5)
    for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
        getattr(whole, f"{name}_l0").set_data(getattr(step, name))
    x, h, c = normal(2, 3), normal(2, 5), normal(3, 5)[:2]
    _, state = whole(x[None], (h[None], c[None]))
    for ours, expected in zip(step(x, (h, c)), state, strict=True):
        torch.testing.assert_close(ours, expected[0], rtol=1e-6, atol=1e-6)


def test_unfold_gives_the_patches_as_channels() -> None:
    x = normal(1, 2, 4, 5)
    patches = nn.Unfold([1, 2, 3, 1], [1, 2, 1, 1], [1, 1, 1, 1])(x)
    assert tuple(patches.shape) == (1, 12, 2, 3)
    places = [x[0, :, 2 + row, 1 + column] for row in range(2) for column in range(3)]
    assert torch.equal(patches[0, :, 1, 1].as_subclass(torch.Tensor), torch.cat(places))


def test_layers_that_derive_from_others_call_their_operators() -> None:
    class Shifted(nn.Conv2d):
        def construct(self, x: Any) -> Any:
            return self.bias_add(self.conv2d(x, self.weight), self.bias)

    class Normalised(nn.LayerNorm):
        def construct(self, x: Any) -> Any:
            return self.layer_norm(x, self.gamma, self.beta)[0]

    class Sums(nn.Dense):
        def construct(self, x: Any) -> Any:
            return self.bias_add(self.matmul(x, self.weight), self.bias)

    for kind, arguments, shape in (
        (
            Shifted,
            {"in_channels": 2, "out_channels": 3, "kernel_size": 3, "stride": 2},
            (1, 2, 6, 6),
        ),
        (Normalised, {"normalized_shape": (4,)}, (3, 4)),
        (Sums, {"in_channels": 4, "out_channels": 2}, (3, 4)),
    ):
        arguments = {**arguments, "has_bias": True} if kind is not Normalised else arguments
        cell = kind(**arguments)
        x = normal(*shape)
        torch.testing.assert_close(cell(x), kind.__mro__[1].construct(cell, x))


def test_names_that_only_training_needs_can_be_imported_and_fail_when_used() -> None:
    with as_mindspore():
        from mindspore import RowTensor  # type: ignore[attr-defined]
        from mindspore.train import SummaryCollector

        class Own(SummaryCollector):
            pass

        for use in (RowTensor, SummaryCollector, Own):
            with pytest.raises(NotCovered, match="is not covered by opsbridge"):
                use()


def test_work_over_devices_is_work_of_one() -> None:
    with as_mindspore() as mindspore:
        from mindspore.communication import get_group_size, get_rank
        from mindspore.context import ParallelMode, get_auto_parallel_context

        assert (get_rank(), get_group_size()) == (0, 1)
        assert get_auto_parallel_context("parallel_mode") == ParallelMode.STAND_ALONE
        assert mindspore.__version__ >= "2.0"
    x = normal(3)
    assert ops.AllReduce(ops.ReduceOp.SUM)(x) is x


def test_einsum_takes_tensors_or_one_tuple_of_them() -> None:
    x, y = normal(2, 3), normal(4, 3)
    for result in (ops.einsum("ij,kj->ik", x, y), ops.Einsum("ij,kj->ik")((x, y))):
        torch.testing.assert_close(result.as_subclass(torch.Tensor), x @ y.T)


def test_assignments_give_the_parameter_itself() -> None:
    weight = nn.Dense(2, 3).weight
    for make, expected in ((ops.assign, 2.0), (ops.assign_add, 4.0), (ops.AssignSub(), 2.0)):
        assert make(weight, torch.full((3, 2), 2.0)) is weight
        assert weight.asnumpy().tolist() == [[expected] * 2] * 3
