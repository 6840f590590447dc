"""`Cell` is a torch.nn.Module with MindSpore's ways."""

from __future__ import annotations

import copy
import io
from typing import Any

import numpy as np
import pytest
from real_frameworks import MINDSPORE_MISSING

pytest.importorskip("torch", reason="the surface computes with PyTorch")

import torch

from opsbridge import mindspore as ms
from opsbridge.errors import ArgumentError, DtypeError
from opsbridge.mindspore import Parameter, ParameterTuple, Tensor, nn
from opsbridge.mindspore.names import module_of


def ones(*shape: int) -> Any:
    return Tensor(np.ones(shape, np.float32))


class Line(nn.Cell):
    """Multiply by a parameter, add a constant."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = Parameter(ones(3), name="scale")
        self.shift = Tensor(np.full(3, 2.0, np.float32))
        self.levels = (ones(1), [ones(2), (ones(3), "text")])
        self.table = {"sizes": ones(4)}
        self.inner = nn.Dense(3, 3, weight_init="ones", bias_init="zeros")

    def construct(self, x: Any) -> Any:
        return self.inner(x) * self.scale + self.shift


def test_a_cell_is_a_module_whose_parameters_torch_finds() -> None:
    net = Line()
    assert isinstance(net, torch.nn.Module)
    assert sorted(name for name, _ in net.named_parameters()) == [
        "inner.bias", "inner.weight", "scale",
    ]  # fmt: skip
    assert all(isinstance(each, torch.nn.Parameter) for each in net.parameters())
    torch.optim.SGD(net.parameters(), 0.1).zero_grad()


def test_a_cell_takes_torch_tensors_and_gives_tensors() -> None:
    result = Line()(torch.ones(2, 3))
    assert type(result) is Tensor
    assert np.array_equal(result.asnumpy(), np.full((2, 3), 5.0))


def test_a_cell_starts_in_evaluation_mode_and_set_train_reaches_all() -> None:
    net = Line()
    assert not net.training
    assert net.set_train() is net
    assert net.training
    assert net.inner.training
    assert not net.eval().inner.training
    assert net.train().inner.training


def test_constants_follow_the_cell_also_in_tuples_lists_and_dictionaries() -> None:
    net = Line().to(torch.float64)
    held = [net.shift, net.levels[0], net.levels[1][0], net.levels[1][1][0], net.table["sizes"]]
    assert [each.dtype for each in held] == [torch.float64] * 5
    assert net.levels[1][1][1] == "text"
    assert {each.dtype for each in net.get_parameters()} == {torch.float64}


def test_constants_and_names_are_no_part_of_the_state_dict() -> None:
    net = Line()
    state = net.state_dict()
    assert sorted(state) == ["inner.bias", "inner.weight", "scale"]
    assert {type(each) for each in state.values()} == {torch.Tensor}
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    other = Line()
    other.scale.set_data(ones(3) * 7)
    other.load_state_dict(torch.load(file, weights_only=True))
    assert np.array_equal(other.scale.asnumpy(), np.ones(3))


@pytest.mark.parametrize("name", ["half", "type", "apply", "train", "float", "double", "modules"])
def test_attributes_may_be_named_as_methods_of_a_module(name: str) -> None:
    class Net(nn.Cell):
        def __init__(self, value: Any) -> None:
            super().__init__()
            self.child = nn.Dense(3, 3)
            setattr(self, name, value)

    child = nn.Dense(3, 2)
    net = Net(child)
    assert getattr(net, name) is child
    assert [each.name for each in net.get_parameters()][2:] == [f"{name}.weight", f"{name}.bias"]
    assert net.set_train().child.training
    assert child.training
    assert net.to(torch.float64).child.weight.dtype is torch.float64
    delattr(net, name)
    assert len(net.cells()) == 1
    parameter = Parameter(ones(2))
    assert getattr(Net(parameter), name) is parameter
    assert getattr(Net("plain"), name) == "plain"


def test_a_method_may_have_the_name_of_one_of_a_module() -> None:
    class Net(nn.Cell):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Dense(3, 3)

        def half(self, x: Any) -> Any:
            return x / 2

        def type(self) -> str:
            return "net"

        def construct(self, x: Any) -> Any:
            return self.half(self.inner(x))

    assert Net().to(torch.float64).set_train()(ones(1, 3).to(torch.float64)).shape == (1, 3)


def test_a_parameter_takes_values_and_an_attribute_stays_what_it_is() -> None:
    net = Line()
    parameter = net.scale
    net.scale = ones(3) * 4
    assert net.scale is parameter
    assert np.array_equal(parameter.asnumpy(), np.full(3, 4.0))
    with pytest.raises(DtypeError, match=r"Line\.scale is a Parameter"):
        net.scale = 3
    with pytest.raises(DtypeError, match=r"Line\.inner is a Cell"):
        net.inner = "text"


def test_adding_to_a_constant_makes_a_new_tensor() -> None:
    class Sum(nn.Cell):
        def __init__(self) -> None:
            super().__init__()
            self.loss = Tensor(0.0)

        def construct(self, x: Any) -> Any:
            loss = self.loss
            loss += x.sum()
            return loss

    net = Sum()
    assert [float(net(ones(2)).asnumpy()) for _ in range(3)] == [2.0, 2.0, 2.0]
    assert float(net.loss.asnumpy()) == 0.0


def test_to_float_casts_inputs_and_parameters_but_keeps_the_parameters() -> None:
    net = Line().to_float(ms.float16)
    seen = {}
    net.inner.register_forward_hook(lambda cell, inputs, output: seen.update(out=output.dtype))
    assert net(ones(2, 3)).dtype in (torch.float16, torch.float32)
    assert seen["out"] is torch.float16
    assert net.inner.weight.dtype is torch.float32
    with pytest.raises(ArgumentError, match="to_float: dst_type"):
        net.to_float(torch.int32)


def test_gradients_reach_parameters_through_to_float() -> None:
    net = nn.Dense(3, 2).to_float(ms.float16)
    loss, gradients = ms.value_and_grad(lambda x: net(x).sum(), None, net.trainable_params())(
        ones(4, 3)
    )
    assert loss.dtype is torch.float16
    assert [each.dtype for each in gradients] == [torch.float32] * 2
    assert np.array_equal(gradients[0].asnumpy(), np.full((2, 3), 4.0))


def test_a_copy_has_its_own_values_and_the_same_names() -> None:
    net = Line()
    other = copy.deepcopy(net)
    other.scale.set_data(ones(3) * 9)
    assert np.array_equal(net.scale.asnumpy(), np.ones(3))
    assert [each.name for each in other.get_parameters()] == [
        each.name for each in net.get_parameters()
    ]


def test_parameters_have_different_names_in_a_tuple() -> None:
    one, other = Parameter(ones(1), "same"), Parameter(ones(1), "same")
    assert ParameterTuple([one, one]) == (one, one)
    with pytest.raises(ArgumentError, match="two parameters are named 'same'"):
        ParameterTuple([one, other])
    with pytest.raises(DtypeError, match="all must be Parameters"):
        ParameterTuple([one, ones(1)])  # type: ignore[list-item]
    assert [each.name for each in ParameterTuple([one]).clone("moment", init="zeros")] == [
        "moment.same"
    ]


def test_results_of_operators_on_parameters_are_tensors() -> None:
    parameter = Parameter(ones(3), "p")
    assert type(parameter * 2) is Tensor
    assert type(parameter.detach()) is Tensor
    assert type(copy.copy(parameter)) is Parameter
    assert str(parameter) == "Parameter (name=p, shape=(3,), dtype=Float32, requires_grad=True)"


def test_an_uncovered_layer_is_named_with_its_neighbours() -> None:
    with pytest.raises(AttributeError, match=r"mindspore\.nn\.Conv4d .*mindspore\.nn\.Conv"):
        _ = nn.Conv4d


def test_constructors_may_have_the_checks_of_mindspores_transformers() -> None:
    layers = module_of("mindspore.parallel._transformer.layers")

    @layers._args_type_validator_check(
        name=layers._valid_type_checks([str], "A"), count=layers._valid_value_checks([1, 2], "A")
    )
    def constructor(name: str, count: int) -> str:
        return name * count

    assert constructor("a", 2) == "aa"


@pytest.mark.parametrize("train", [False, True])
def test_compiled_cells_compute_the_same(train: bool) -> None:
    class Net(nn.Cell):
        def __init__(self) -> None:
            super().__init__()
            self.row = nn.SequentialCell(
                [nn.Conv2d(2, 3, 3, stride=2), nn.BatchNorm2d(3), nn.ReLU(), nn.MaxPool2d(2)]
            )
            self.flat = nn.Flatten()
            self.last = nn.Dense(3 * 3 * 3, 4, activation="sigmoid")
            self.shift = Tensor(np.arange(4, dtype=np.float32))

        def construct(self, x: Any) -> Any:
            return self.last(self.flat(self.row(x))) * 2 + self.shift

    net = Net().set_train(train)
    x = Tensor(np.random.default_rng(1).normal(size=(2, 2, 8, 8)).astype(np.float32))
    plain = copy.deepcopy(net)(x)
    compiled = torch.compile(net, backend="aot_eager", fullgraph=True)(x)
    assert type(compiled) is Tensor
    np.testing.assert_allclose(compiled.asnumpy(), plain.asnumpy(), rtol=1e-6)


@pytest.mark.parametrize("shape", [(2, 3), (1,), (3, 2), (6,), ()])
@pytest.mark.parametrize("before", [(2, 3), (1,), ()])
def test_values_of_another_shape_change_that_of_a_parameter(
    before: tuple[int, ...], shape: tuple[int, ...]
) -> None:
    """A sensitivity that begins as a number becomes that of the outputs (DETR of the model zoo)."""
    real = pytest.importorskip("mindspore", reason=MINDSPORE_MISSING)
    found = []
    for framework in (real, ms):
        parameter = framework.Parameter(framework.Tensor(np.ones(before, np.float32)), name="p")
        values = framework.Tensor(np.full(shape, 2, np.int32))
        assert parameter.set_data(values) is parameter
        number = framework.Parameter(framework.Tensor(np.ones(before, np.float32)), name="q")
        number.set_data(3)
        found.append([(each.shape, each.asnumpy().tolist()) for each in (parameter, number)])
    assert found[0] == found[1]
