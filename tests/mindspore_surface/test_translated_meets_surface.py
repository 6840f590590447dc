"""A translated module given to what takes Cells: the error says what takes its place."""

from __future__ import annotations

import io
from copy import deepcopy as copy_module

import pytest

pytest.importorskip("torch", reason="the surface computes with PyTorch")

import torch

from opsbridge.errors import DtypeError
from opsbridge.mindspore import Tensor, load_param_into_net, nn
from opsbridge.mindspore.names import look_up


def test_a_checkpoint_for_a_module_names_the_converter() -> None:
    with pytest.raises(DtypeError, match=r"net is a Linear.*opsbridge convert-checkpoint"):
        load_param_into_net(torch.nn.Linear(2, 2), {})


def test_decay_of_parameters_that_nobody_has_named_is_refused() -> None:
    parameters = list(torch.nn.Linear(2, 2).parameters())
    nn.Momentum(parameters, 0.1, 0.9)
    with pytest.raises(DtypeError, match=r"has no name.*Cell\.trainable_params\(module\)"):
        nn.Momentum(parameters, 0.1, 0.9, weight_decay=0.1)
    with pytest.raises(DtypeError, match=r"an element of parameters is a torch\.Tensor"):
        nn.Momentum([torch.zeros(2)], 0.1, 0.9)


def test_parameters_of_a_module_have_the_names_of_the_layers_of_mindspore() -> None:
    inner = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 1, bias=False), torch.nn.BatchNorm2d(2))
    net = torch.nn.Sequential(inner, nn.Dense(2, 2), torch.nn.Embedding(3, 2))
    own = ["1.gamma", "1.beta"]
    assert [each.name for each in nn.Cell.trainable_params(inner)] == ["0.weight", *own]
    names = ["0.0.weight", "0.1.gamma", "0.1.beta", "1.weight", "1.bias", "2.embedding_table"]
    for _ in range(2):
        assert [each.name for each in nn.Cell.trainable_params(net)] == names
    assert [each.name for each in nn.Cell.trainable_params(inner)] == names[:3]
    assert list(nn.Cell.parameters_dict(net)) == names
    assert [type(each) for each in torch.load(saved(net)).values()] == [torch.Tensor] * 9
    assert list(net.state_dict())[:2] == ["0.0.weight", "0.1.weight"]


def saved(net: torch.nn.Module) -> io.BytesIO:
    file = io.BytesIO()
    torch.save(net.state_dict(), file)
    file.seek(0)
    return file


def test_a_parameter_of_pytorch_made_of_a_tensor_has_a_name() -> None:
    """Translated code makes parameters of what opsbridge's functions give."""
    net = torch.nn.Linear(2, 2, bias=False)
    net.weight = torch.nn.Parameter(Tensor([[1.0, 2.0], [3.0, 4.0]]))
    (parameter,) = nn.Cell.get_parameters(net)
    assert parameter is net.weight
    assert parameter.name == "weight"
    assert net(torch.ones(2)).tolist() == [3.0, 7.0]
    nn.Momentum([parameter], 0.1, 0.9, weight_decay=0.1)


def test_a_dictionary_of_modules_of_pytorch() -> None:
    """Translated code has PyTorch's layers in it."""
    cells = nn.CellDict({"plain": torch.nn.LayerNorm(2)})
    cells["own"] = nn.Dense(2, 2)
    assert list(cells.state_dict()) == ["plain.weight", "plain.bias", "own.weight", "own.bias"]
    assert [each.name for each in cells["own"].get_parameters()] == ["own.weight", "own.bias"]
    with pytest.raises(DtypeError, match=r"CellDict: a child is a int; not a Cell"):
        cells["number"] = 3


def test_who_goes_over_modules_meets_no_module_inside_a_layer() -> None:
    layer = look_up("mindspore.mint.nn.Linear")(2, 3)
    net = torch.nn.Sequential(layer, torch.nn.Linear(3, 2), layer)
    seen: list[torch.nn.Module] = []
    assert net.apply(seen.append) is net
    assert layer.apply(seen.append) is layer
    assert [type(each).__name__ for each in seen] == ["Linear"] * 2 + ["Sequential", "Linear"]
    assert [name for name, _ in net.named_modules()] == ["", "0", "1"]
    every = net.named_modules(remove_duplicate=False)
    assert [name for name, _ in every] == ["", "0", "1", "2"]
    assert list(layer.named_modules()) == [("", layer)]
    assert [name for name, _ in net.named_parameters()] == [
        "0.weight",
        "0.bias",
        "1.weight",
        "1.bias",
    ]
    assert not net.eval()[0].torch_module.training


def test_a_module_with_named_parameters_compiles_and_copies() -> None:
    net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3)).eval()
    x = torch.ones(2, 2)
    expected = net(x)
    nn.Cell.trainable_params(net)
    compiled = torch.compile(net, backend="eager", fullgraph=True)
    assert torch.equal(compiled(x), expected)
    copy = copy_module(net)
    assert torch.equal(copy(x), expected)
    assert isinstance(copy[0].weight, torch.nn.Parameter)
