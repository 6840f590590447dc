"""A translated module given to what takes Cells: the error says what takes its place."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="the surface computes with PyTorch")

import torch

from opsbridge.errors import DtypeError
from opsbridge.mindspore import load_param_into_net, nn


def test_a_checkpoint_for_a_module_names_the_converter() -> None:
    with pytest.raises(DtypeError, match=r"net is a Linear.*opsbridge convert-checkpoint"):
        load_param_into_net(torch.nn.Linear(2, 2), {})


def test_an_optimizer_of_a_module_names_those_of_torch() -> None:
    parameters = list(torch.nn.Linear(2, 2).parameters())
    with pytest.raises(DtypeError, match=r"a torch\.nn\.parameter\.Parameter;.*torch\.optim"):
        nn.Momentum(parameters, 0.1, 0.9)
