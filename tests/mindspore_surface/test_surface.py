"""What the surface promises beyond single operators: new tensors, strictness, graphs, no traps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from child_process import python_output

torch = pytest.importorskip("torch", reason="the surface computes with PyTorch")

import opsbridge.mindspore as ms  # noqa: E402
from opsbridge.errors import ArgumentError, DtypeError  # noqa: E402
from opsbridge.mindspore import Tensor, ops, strict  # noqa: E402

IMAGES = np.random.RandomState(3).rand(2, 3, 6, 6).astype(np.float32)


@pytest.mark.parametrize("operator", ["+=", "-=", "*=", "/=", "//=", "%=", "**="])
def test_augmented_assignment_makes_a_new_tensor(operator: str) -> None:
    constant = Tensor([2.0, 3.0])
    names = {"x": constant}
    exec(f"x {operator} 2", names)
    assert str(constant) == "[2. 3.]"
    assert type(names["x"]) is Tensor
    assert str(names["x"]) == str(eval(f"x {operator[:-1]} 2", {"x": constant}))


def test_equal_losses_on_a_constant_stay_equal() -> None:
    start = Tensor(0.0)
    losses = []
    for _ in range(3):
        loss = start
        loss += Tensor(0.8)
        losses.append(loss.item())
    assert losses[0] == losses[1] == losses[2]


def test_torch_functions_take_tensors_whose_methods_differ() -> None:
    images = Tensor(IMAGES)
    functional = torch.nn.functional
    plain = torch.from_numpy(IMAGES)
    zeros, ones = torch.zeros(3), torch.ones(3)
    for call in (
        lambda x: functional.batch_norm(x, zeros, ones, training=True),
        lambda x: functional.interpolate(x, scale_factor=2.0),
        lambda x: functional.max_pool2d(x, 2),
        lambda x: torch.split(x, 1),
        lambda x: torch.einsum("nchw->nc", x),
    ):
        ours, theirs = call(images), call(plain)
        first = ours[0] if isinstance(ours, tuple) else ours
        assert type(first) is Tensor
        np.testing.assert_array_equal(
            first.asnumpy(), (theirs[0] if isinstance(theirs, tuple) else theirs).numpy()
        )


def test_size_is_a_number() -> None:
    assert Tensor(IMAGES).size == 216
    assert Tensor(IMAGES).size + 1 == 217


def test_gradients_flow_through_operators() -> None:
    x = Tensor([1.0, 2.0]).requires_grad_()
    y = ops.ReduceSum()(ops.Mul()(x, x))
    y += ops.Concat()((x, x)).sum()
    y.backward()
    assert str(x.grad.numpy()) == "[4. 6.]"


def test_core_operators_run_on_tensors() -> None:
    rois = Tensor([[0, 0, 0, 5, 5.0]])
    pooled = ops.ROIAlign(2, 2, 0.5)(Tensor(IMAGES), rois)
    assert type(pooled) is Tensor
    assert pooled.shape == (1, 3, 2, 2)
    boxes = Tensor([[0, 0, 4, 4, 0.8], [0, 0, 3.5, 4, 0.7], [5, 5, 9, 9, 0.6]])
    sorted_boxes, _, kept = ops.NMSWithMask(0.5)(boxes)
    assert sorted_boxes.shape == (3, 5)
    assert str(kept) == "[ True False  True]"


def test_strict_refuses_mixed_dtypes() -> None:
    halves, floats = Tensor([1.0]).astype(ms.float16), Tensor([1.0])
    assert ops.Concat()((halves, floats)).dtype is ms.float32
    with strict(), pytest.raises(DtypeError, match="Concat: tensors have the dtypes float16, floa"):
        ops.Concat()((halves, floats))


def test_strict_refuses_boxes_and_offsets_of_two_dtypes() -> None:
    boxes, offsets = Tensor([[1.0, 2.0, 8.0, 9.0]]).astype(ms.float16), Tensor([[0.1, 0, 0, 0]])
    decode = ops.BoundingBoxDecode((20, 20))
    assert decode(boxes, offsets).dtype is ms.float32
    with strict(), pytest.raises(DtypeError, match="deltas is float32, but anchor_box is float16"):
        decode(boxes, offsets)


def test_strict_refuses_negative_indices() -> None:
    x, index = Tensor([[1.0, 2.0]]), Tensor([[0, -1]])
    assert str(ops.GatherNd()(x, index)) == "[2.]"
    with strict(), pytest.raises(ArgumentError, match="GatherNd: indices have a negative index"):
        ops.GatherNd()(x, index)


def test_a_join_of_nothing_fails_when_it_is_used() -> None:
    nothing = ops.Squeeze()(ops.Cast()(ops.Concat()(()), ms.bool_).astype(ms.int32) + 1)
    for use in (len, float, repr, lambda x: x.shape, lambda x: x.asnumpy(), lambda x: x and 1):
        with pytest.raises(ArgumentError, match="Concat: tensors is empty"):
            use(nothing)


def test_an_operator_without_its_tensor_names_it() -> None:
    with pytest.raises(DtypeError, match="Squeeze: x is None, which it does not take"):
        ops.Squeeze()(None)
    with strict(), pytest.raises(DtypeError, match="Cast: input_x is None, which it does not take"):
        ops.Cast()(None, ms.int32)


@pytest.mark.parametrize("cast", [ops.Cast(), ops.cast], ids=["primitive", "function"])
def test_a_cast_of_none_fails_when_it_is_used(cast: Any) -> None:
    nothing = ops.Squeeze()(cast(None, ms.int32)) * Tensor([1, 2])
    for use in (len, repr, lambda x: x.asnumpy(), lambda x: ops.Concat()((x, x)).shape):
        with pytest.raises(DtypeError, match=r"ast: input(_x)? is None, which it does not take"):
            use(nothing)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ops.Concat(1, 2), "Concat: takes 1 arguments, 2 were given"),
        (lambda: ops.Concat(dim=1), "Concat: has no parameter dim"),
        (lambda: ops.Concat()(), "Concat: tensors is missing"),
        (lambda: ops.Concat(0, axis=1), "Concat: got twice axis"),
    ],
)
def test_wrong_calls_are_named(call: object, message: str) -> None:
    with pytest.raises(DtypeError, match=message):
        call()  # type: ignore[operator]


def test_operators_run_in_one_compiled_graph() -> None:
    concat, relu, total = ops.Concat(1), ops.ReLU(), ops.ReduceSum(keep_dims=True)

    def network(x: Tensor) -> Tensor:
        y = concat((x, x))
        y += x.max()
        return relu(y) * 2 + total(y, (2, 3)) + y[:, :1] * y.shape[0]

    x = Tensor(IMAGES)
    compiled = torch.compile(network, backend="eager", fullgraph=True)(x)
    assert type(compiled) is Tensor
    np.testing.assert_array_equal(compiled.asnumpy(), network(x).asnumpy())


def test_writing_to_slices() -> None:
    x = Tensor(np.zeros((2, 3), np.float32))
    x[0] = 1
    x[:, 2] = Tensor([5, 6])
    x[x == 0] = 9
    assert str(x) == "[[1. 1. 5.]\n [9. 9. 6.]]"


def test_an_operator_that_is_the_first_to_be_used() -> None:
    source = "import opsbridge.mindspore as ms; print(ms.ops.tuple_to_array((1, 2)).asnumpy())"
    assert python_output(source).strip() == "[1 2]"
